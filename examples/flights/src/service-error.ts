import { type ErrorCode, FlowlineError } from '@flowline/events';

import type { WorkName } from './spawn-service.ts';

/** Codes of a service that ended without a word. */
const SILENT = {
  trainer: 'FLOWLINE_TRAINING_FAILED',
  scorer: 'FLOWLINE_SCORER_SILENT',
} as const satisfies Record<WorkName, ErrorCode>;

/**
 * Error of a service that did not do its work. The error that the service reported keeps its code,
 * place and remedy; a first model that is held back is FLOWLINE_MODEL_HELD.
 * @param result last line of its standard output; null if that is no JSON object.
 */
export function serviceError(
  service: WorkName,
  exitCode: number,
  result: Readonly<Record<string, unknown>> | null,
): Error {
  const { error, reason, remedy } = result ?? {};
  if (typeof error === 'object' && error !== null) return Object.assign(new Error(), error);
  const advice = typeof remedy === 'string' ? remedy : LOOK_ABOVE;
  return typeof reason === 'string'
    ? new FlowlineError('FLOWLINE_MODEL_HELD', reason, { where: service, remedy: advice })
    : silentService(service, `The ${service} ended with exit code ${exitCode}.`);
}

/** Error of a service that stopped working without a report. */
export function silentService(service: WorkName, message: string, where: string = service): FlowlineError {
  return new FlowlineError(SILENT[service], message, { where, remedy: LOOK_ABOVE });
}

const LOOK_ABOVE = 'Its own messages are above; FLOWLINE_LOG_LEVEL=debug tells more.';
