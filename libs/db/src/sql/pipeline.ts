import { many } from '../statement.ts';

/** Position of a partition, with the time at which it last moved. */
export interface StoredPartitionRow {
  readonly topic: string;
  readonly partition: number;
  readonly nextOffset: number;
  /** Timestamp of the last stored record; null if there is none. */
  readonly recordTime: Date | null;
  /** Time of the last transaction that stored records of it. */
  readonly storedAt: Date;
}

/** Selects the stored partitions of a detector, whichever topics it has read. */
export const selectPartitions = many<StoredPartitionRow, { detector: string }>(`
  SELECT topic, partition, next_offset AS "nextOffset", record_time AS "recordTime", updated_at AS "storedAt"
  FROM flowline.stream_offsets WHERE detector = :detector ORDER BY topic, partition
`);

/** Work of a UTC day, by the time of storing, at each stage. */
export interface StageDayRow {
  readonly day: string;
  /** Events that a model scored, and the anomalies among them. */
  readonly scored: number;
  readonly anomalies: number;
  /** Anomalies that a rule, a calendar or a bound kept out of alerts. */
  readonly suppressed: number;
  /** Records that repeat an event id. */
  readonly duplicates: number;
  /** Records that could not be scored. */
  readonly deadLetters: number;
  /** Messages about alerts that a sink has accepted. */
  readonly sent: number;
}

/** Selects the work of the last UTC days, including today, in order. */
export const selectStageDays = many<StageDayRow, { detector: string; days: number }>(`
  WITH days AS (
    SELECT (now() AT TIME ZONE 'UTC')::date - ago AS day FROM generate_series(:days::integer - 1, 0, -1) AS ago
  ), since AS (SELECT min(day)::timestamp AT TIME ZONE 'UTC' AS at FROM days),
  counted AS (
    SELECT day, sum(events)::bigint AS scored, sum(anomalies)::bigint AS anomalies
    FROM flowline.event_counts WHERE detector = :detector AND day >= (SELECT min(day) FROM days) GROUP BY day
  ), suppressed AS (
    SELECT (scored_at AT TIME ZONE 'UTC')::date AS day, count(*) AS events FROM flowline.anomalies
    WHERE detector = :detector AND scored_at >= (SELECT at FROM since) AND suppressed_by IS NOT NULL GROUP BY 1
  ), duplicates AS (
    SELECT (stored_at AT TIME ZONE 'UTC')::date AS day, count(*) AS events FROM flowline.event_duplicates
    WHERE detector = :detector AND stored_at >= (SELECT at FROM since) GROUP BY 1
  ), letters AS (
    SELECT (stored_at AT TIME ZONE 'UTC')::date AS day, count(*) AS events FROM flowline.dead_letters
    WHERE detector = :detector AND stored_at >= (SELECT at FROM since) GROUP BY 1
  ), sent AS (
    SELECT (sent_at AT TIME ZONE 'UTC')::date AS day, count(*) AS events FROM flowline.alert_outbox
    WHERE detector = :detector AND sent_at >= (SELECT at FROM since) GROUP BY 1
  )
  SELECT day::text, coalesce(scored, 0) AS scored, coalesce(anomalies, 0) AS anomalies,
    coalesce(suppressed.events, 0) AS suppressed, coalesce(duplicates.events, 0) AS duplicates,
    coalesce(letters.events, 0) AS "deadLetters", coalesce(sent.events, 0) AS sent
  FROM days LEFT JOIN counted USING (day) LEFT JOIN suppressed USING (day) LEFT JOIN duplicates USING (day)
    LEFT JOIN letters USING (day) LEFT JOIN sent USING (day)
  ORDER BY days.day
`);

/** Messages of a detector for a sink. */
export interface SinkStateRow {
  readonly sink: string;
  /** Messages that wait, and the time since which the oldest does; null for none. */
  readonly waiting: number;
  readonly oldestAt: Date | null;
  /** Time since which sending fails; null if it does not, or if it was not tried. */
  readonly failingSince: Date | null;
  /** Reason why the oldest waiting message was not sent when that was last tried; null for none. */
  readonly error: string | null;
  readonly lastSentAt: Date | null;
  /** Messages accepted in the last 24 hours. */
  readonly sentLastDay: number;
  /** Messages that were set aside. */
  readonly dead: number;
}

/** Selects the state of sinks: of those named, and of others with messages that wait or died. */
export const selectSinkStates = many<SinkStateRow, { detector: string; sinks: readonly string[] }>(`
  WITH names AS (
    SELECT unnest(:sinks::text[]) AS sink
    UNION SELECT sink FROM flowline.alert_outbox WHERE detector = :detector AND sent_at IS NULL AND dead_at IS NULL
    UNION SELECT sink FROM flowline.alert_outbox WHERE detector = :detector AND dead_at IS NOT NULL
  )
  SELECT names.sink, waiting, "oldestAt", "failingSince", error, "lastSentAt", "sentLastDay", dead
  FROM names, LATERAL (
    SELECT count(*) AS waiting, min(created_at) AS "oldestAt", min(failing_since) AS "failingSince",
      (array_agg(error ORDER BY outbox_id))[1] AS error
    FROM flowline.alert_outbox o
    WHERE o.detector = :detector AND o.sink = names.sink AND sent_at IS NULL AND dead_at IS NULL) AS queue,
  LATERAL (
    SELECT max(sent_at) AS "lastSentAt",
      count(*) FILTER (WHERE sent_at > clock_timestamp() - interval '1 day') AS "sentLastDay"
    FROM flowline.alert_outbox o
    WHERE o.detector = :detector AND o.sink = names.sink AND sent_at IS NOT NULL) AS past,
  LATERAL (
    SELECT count(*) AS dead FROM flowline.alert_outbox o
    WHERE o.detector = :detector AND o.sink = names.sink AND dead_at IS NOT NULL) AS aside
  ORDER BY names.sink
`);
