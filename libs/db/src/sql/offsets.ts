import { statement } from '../statement.ts';

/**
 * Moves the fence of a stream and counts the events that a model scored (null: none), with its
 * alpha, in one round trip.
 */
export const updateOffset = statement<
  [
    detector: string,
    topic: string,
    partition: number,
    nextOffset: number,
    recordTime: Date | null,
    modelVersion: number | null,
    events: number,
    anomalies: number,
    alpha: number,
  ],
  never
>(`
  WITH counted AS (
    INSERT INTO flowline.event_counts AS c (detector, topic, partition, day, model_version, events, anomalies, expected)
    SELECT $1, $2, $3, (now() AT TIME ZONE 'UTC')::date, $6, $7::bigint, $8, $7::bigint * $9::float8 WHERE $6::integer IS NOT NULL AND $7::bigint > 0
    ON CONFLICT (detector, model_version, day, topic, partition)
    DO UPDATE SET events = c.events + excluded.events, anomalies = c.anomalies + excluded.anomalies,
      expected = c.expected + excluded.expected
  )
  UPDATE flowline.stream_offsets SET next_offset = $4, record_time = coalesce($5, record_time), updated_at = now()
  WHERE detector = $1 AND topic = $2 AND partition = $3
`);
