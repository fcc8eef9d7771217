import { statement } from '../statement.ts';

/**
 * Takes the advisory lock on a detector's streams until the transaction ends, so that its data are
 * not dropped meanwhile: shared to add the fence of a stream, exclusive (`alone`) to begin, extend
 * or restart a topic, or to drop data.
 */
export const lockDetectorStreams = statement<[detector: string, alone: boolean], never>(`
  SELECT CASE WHEN $2 THEN pg_advisory_xact_lock(hashtextextended('flowline.streams:' || $1, 0))
              ELSE pg_advisory_xact_lock_shared(hashtextextended('flowline.streams:' || $1, 0)) END
`);
