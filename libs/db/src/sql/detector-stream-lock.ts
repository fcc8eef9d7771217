import { statement } from '../statement.ts';

/** Keeps the data of a detector from being dropped until the transaction ends: a stream that begins shares it, a drop has it alone. */
export const lockDetectorStreams = statement<[detector: string, alone: boolean], never>(`
  SELECT CASE WHEN $2 THEN pg_advisory_xact_lock(hashtextextended('flowline.streams:' || $1, 0))
              ELSE pg_advisory_xact_lock_shared(hashtextextended('flowline.streams:' || $1, 0)) END
`);
