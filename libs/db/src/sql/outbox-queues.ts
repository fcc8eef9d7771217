import { statement } from '../statement.ts';

/** Queue of waiting alerts in the outbox: those of one detector for one topic of a sink. */
export interface OutboxQueue {
  readonly detector: string;
  readonly topic: string;
}

/**
 * Selects the queues of a sink with waiting alerts, of these detectors (null: of all). Steps
 * through the index from queue to queue, so that its cost does not depend on the number of alerts.
 */
export const selectOutboxQueues = statement<[sink: string, detectors: readonly string[] | null], OutboxQueue>(`
  WITH RECURSIVE queue AS (
    (SELECT detector, topic FROM flowline.alert_outbox
     WHERE sink = $1 AND sent_at IS NULL AND dead_at IS NULL ORDER BY detector, topic LIMIT 1)
    UNION ALL
    SELECT following.detector, following.topic FROM queue, LATERAL (
      SELECT detector, topic FROM flowline.alert_outbox
      WHERE sink = $1 AND sent_at IS NULL AND dead_at IS NULL AND (detector, topic) > (queue.detector, queue.topic)
      ORDER BY detector, topic LIMIT 1) AS following
  )
  SELECT detector, topic FROM queue WHERE $2::text[] IS NULL OR detector = ANY ($2)
`);
