import type { Reply } from '../client/call.ts';

/** Model with the report of its training. */
export type Model = Reply<'GET /v1/detectors/{detector}/models/{version}'>;
