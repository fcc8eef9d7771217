import { statement } from '../statement.ts';

/** Takes the session lock under which a detector is trained, or tells that it is taken. */
export const tryTrainingLock = statement<[detector: string], { readonly locked: boolean }>(`
  SELECT pg_try_advisory_lock(hashtextextended('flowline.training:' || $1, 0)) AS locked
`);
