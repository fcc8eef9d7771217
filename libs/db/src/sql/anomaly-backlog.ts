import { maybe, one } from '../statement.ts';

/** Number of columns of {@link copyBacklog}, and so of fields per row. */
export const BACKLOG_FIELDS = 5;

/** COPY statement for pieces of packed anomalies; their ids are in the order of the rows. */
export const copyBacklog = `
  COPY flowline.anomaly_backlog (detector, topic, partition, anomalies, packed) FROM STDIN (FORMAT binary)`;

/** Selects the topic of the oldest piece of a detector; null if none waits. */
export const selectBacklogTopic = maybe<{ topic: string }, { detector: string }>(`
  SELECT topic FROM flowline.anomaly_backlog WHERE detector = :detector ORDER BY backlog_id LIMIT 1
`);

/** A piece of packed anomalies, with the time for which it has waited. */
export interface BacklogPiece {
  readonly packed: Buffer;
  readonly waitedMs: number;
}

/** Takes the oldest piece of a detector's topic. */
export const deleteOldestPiece = maybe<BacklogPiece, { detector: string; topic: string }>(`
  DELETE FROM flowline.anomaly_backlog WHERE backlog_id = (
    SELECT min(backlog_id) FROM flowline.anomaly_backlog WHERE detector = :detector AND topic = :topic)
  RETURNING packed, extract(epoch FROM clock_timestamp() - since)::float8 * 1000 AS "waitedMs"
`);

/** Counts the anomalies of a detector that wait to be written out. */
export const countBacklog = one<{ anomalies: number }, { detector: string }>(`
  SELECT coalesce(sum(anomalies), 0)::integer AS anomalies FROM flowline.anomaly_backlog WHERE detector = :detector
`);
