import { execute, many, maybe, one } from '../statement.ts';

/** Selects the offset of a stream. */
export const selectOffset = maybe<
  { nextOffset: number; recordTime: Date | null },
  { detector: string; topic: string; partition: number }
>(`
  SELECT next_offset AS "nextOffset", record_time AS "recordTime" FROM flowline.stream_offsets
  WHERE detector = :detector AND topic = :topic AND partition = :partition
`);

/** Selects the offset of every partition of a stream that has stored records. */
export const selectOffsets = many<
  { partition: number; nextOffset: number; recordTime: Date | null },
  { detector: string; topic: string }
>(`
  SELECT partition, next_offset AS "nextOffset", record_time AS "recordTime" FROM flowline.stream_offsets
  WHERE detector = :detector AND topic = :topic ORDER BY partition
`);

/**
 * Locks the fence of a stream until the transaction ends: its offset, the topic to which the offset
 * refers, and the event time at which the next of its alerts is due to be resolved.
 */
export const lockOffset = maybe<
  { nextOffset: number; topicId: string | null; alertsDue: Date | null },
  { detector: string; topic: string; partition: number }
>(`
  SELECT next_offset AS "nextOffset", topic_id AS "topicId", alerts_due AS "alertsDue" FROM flowline.stream_offsets
  WHERE detector = :detector AND topic = :topic AND partition = :partition FOR UPDATE
`);

/** Adds the fence of a stream that has none, unless its detector is deleted. */
export const insertOffset = execute<{ detector: string; topic: string; partition: number }>(`
  INSERT INTO flowline.stream_offsets (detector, topic, partition, next_offset)
  SELECT :detector::text, :topic::text, :partition::integer, 0
  WHERE NOT EXISTS (SELECT FROM flowline.detectors WHERE name = :detector AND state = 'deleted')
  ON CONFLICT (detector, topic, partition) DO NOTHING
`);

/**
 * Moves the fence of a stream, which the transaction has locked, and counts the events that a model
 * scored (null: none), with its alarms to be expected. Tells whether anomalies of the stream wait
 * to be written out. In one round trip.
 */
export const updateOffset = one<
  { hasBacklog: boolean },
  {
    detector: string;
    topic: string;
    partition: number;
    nextOffset: number;
    recordTime: Date | null;
    modelVersion: number | null;
    events: number;
    anomalies: number;
    expected: number;
  }
>(`
  WITH counted AS (
    INSERT INTO flowline.event_counts AS c (detector, topic, partition, day, model_version, events, anomalies, expected)
    SELECT :detector, :topic, :partition, (now() AT TIME ZONE 'UTC')::date, :modelVersion, :events::bigint, :anomalies,
      :expected::float8
    WHERE :modelVersion::integer IS NOT NULL AND :events::bigint > 0
    ON CONFLICT (detector, model_version, day, topic, partition)
    DO UPDATE SET events = c.events + excluded.events, anomalies = c.anomalies + excluded.anomalies,
      expected = c.expected + excluded.expected
  )
  UPDATE flowline.stream_offsets
  SET next_offset = :nextOffset, record_time = coalesce(:recordTime, record_time), updated_at = now()
  WHERE detector = :detector AND topic = :topic AND partition = :partition
  RETURNING EXISTS (
    SELECT FROM flowline.anomaly_backlog AS waiting
    WHERE waiting.detector = :detector AND waiting.topic = :topic AND waiting.partition = :partition
      AND waiting.set_aside_at IS NULL) AS "hasBacklog"
`);
