import type { Alert } from '@flowline/events';

import { execute, many, one } from '../statement.ts';

/** Queue of waiting alerts in the outbox: those of one detector for one topic of a sink. */
export interface OutboxQueue {
  readonly detector: string;
  readonly topic: string;
}

/**
 * Selects the queues of a sink with waiting alerts, of these detectors (null: of all). Steps
 * through the index from queue to queue, so that its cost does not depend on the number of alerts.
 */
export const selectOutboxQueues = many<OutboxQueue, { sink: string; detectors: readonly string[] | null }>(`
  WITH RECURSIVE queue AS (
    (SELECT detector, topic FROM flowline.alert_outbox
     WHERE sink = :sink AND sent_at IS NULL AND dead_at IS NULL ORDER BY detector, topic LIMIT 1)
    UNION ALL
    SELECT following.detector, following.topic FROM queue, LATERAL (
      SELECT detector, topic FROM flowline.alert_outbox
      WHERE sink = :sink AND sent_at IS NULL AND dead_at IS NULL AND (detector, topic) > (queue.detector, queue.topic)
      ORDER BY detector, topic LIMIT 1) AS following
  )
  SELECT detector, topic FROM queue WHERE :detectors::text[] IS NULL OR detector = ANY (:detectors)
`);

/** Anomaly of a message that was stored before the anomaly was explained. */
export interface AwaitedRow {
  /** True for such a message. */
  readonly awaits: boolean;
  /** True while the explanation is still to come; null if the anomaly is not stored any more. */
  readonly deferred: boolean | null;
  /** The anomaly, once it is explained. */
  readonly explained: Alert | null;
}

/** Columns of {@link AwaitedRow}, of a message `o` with its anomaly `a`, if it has one. */
export const awaitedColumns = `
  o.awaits IS NOT NULL AS awaits, a.deferred, CASE WHEN NOT a.deferred THEN a.alert END AS explained`;

/** True for the anomaly that a message names while its explanation is still to come. */
const isDeferred = '(SELECT deferred FROM flowline.anomalies WHERE anomaly_id = awaits)';

/** Condition on messages that wait, and for the explanation of their anomaly. */
export const isHeld = `awaits IS NOT NULL AND sent_at IS NULL AND dead_at IS NULL AND ${isDeferred}`;

/** Alert that waits to be sent. */
export interface OutboxRow extends AwaitedRow {
  readonly outboxId: number;
  readonly messageId: string;
  readonly topic: string;
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly value: string;
}

/** Takes a queue until the transaction ends, unless another relay has it: its order is kept. */
export const takeQueue = one<{ taken: boolean }, { sink: string; detector: string; topic: string }>(`
  SELECT pg_try_advisory_xact_lock(hashtextextended(
    'flowline.outbox ' || jsonb_build_array(:sink::text, :detector::text, :topic::text)::text, 0)) AS taken
`);

/**
 * Claims the oldest waiting alerts of a queue until the transaction ends. Alerts that somebody else
 * has locked are skipped, and so are those that wait for their explanation, for at most `holdMs`
 * (null: without end), with those of their fingerprints after them.
 */
export const claimOutbox = many<
  OutboxRow,
  { sink: string; detector: string; topic: string; limit: number; holdMs: number | null }
>(`
  WITH held AS (
    SELECT fingerprint, min(outbox_id) AS first_id FROM flowline.alert_outbox
    WHERE sink = :sink AND detector = :detector AND topic = :topic AND ${isHeld}
      AND (:holdMs::float8 IS NULL OR created_at > clock_timestamp() - make_interval(secs => :holdMs::float8 / 1000))
    GROUP BY fingerprint
  )
  SELECT outbox_id AS "outboxId", coalesce(message_id, o.alert_id) AS "messageId", o.topic, key, headers, value,
         ${awaitedColumns}
  FROM flowline.alert_outbox o LEFT JOIN flowline.anomalies a ON a.anomaly_id = o.awaits
  WHERE sink = :sink AND o.detector = :detector AND o.topic = :topic AND sent_at IS NULL AND dead_at IS NULL
    AND NOT EXISTS (SELECT FROM held WHERE held.fingerprint = o.fingerprint AND first_id <= outbox_id)
  ORDER BY outbox_id LIMIT :limit
  FOR UPDATE OF o SKIP LOCKED
`);

/**
 * Counts the waiting alerts of a sink (null: of all but standard output), with the age of the
 * oldest, and those set aside. Waiting alerts of deleted detectors are left out.
 */
export const selectOutboxStatus = one<
  { pending: number; oldestSeconds: number | null; dead: number },
  { sink: string | null }
>(`
  SELECT count(*) AS pending, (extract(epoch FROM clock_timestamp() - min(created_at)))::float8 AS "oldestSeconds",
         (SELECT count(*) FROM flowline.alert_outbox 
          WHERE dead_at IS NOT NULL AND (sink = :sink OR :sink::text IS NULL AND sink <> 'stdout')) AS dead
  FROM flowline.alert_outbox o
  WHERE (sink = :sink OR :sink::text IS NULL AND sink <> 'stdout') AND sent_at IS NULL AND dead_at IS NULL
    AND NOT EXISTS (SELECT FROM flowline.detectors d WHERE d.name = o.detector AND d.state = 'deleted')
`);

/**
 * Adds messages to the outbox, in order, once for each sink. Those that name an event wait for the
 * explanation of its anomaly, which is stored already.
 */
export const insertOutbox = execute<{
  detector: string;
  sinks: readonly string[];
  topics: readonly string[];
  messageIds: readonly string[];
  alertIds: readonly string[];
  fingerprints: readonly string[];
  eventTopics: readonly (string | null)[];
  partitions: readonly (number | null)[];
  offsets: readonly (number | null)[];
  eventIds: readonly (string | null)[];
  keys: readonly string[];
  headers: readonly string[];
  values: readonly string[];
}>(`
  INSERT INTO flowline.alert_outbox (message_id, alert_id, fingerprint, detector, sink, topic, key, headers, value, awaits)
  SELECT message_id, alert_id, fingerprint, :detector, sink, topic, key, headers::jsonb, value,
    CASE WHEN event_id IS NOT NULL THEN coalesce((
      SELECT max(anomaly_id) FROM flowline.anomalies a
      WHERE a.event_id = message.event_id AND a.detector = :detector AND a.topic = event_topic
        AND a.partition = message.partition AND a."offset" = message."offset" AND deferred), 0) END
  FROM unnest(:messageIds::uuid[], :alertIds::uuid[], :fingerprints::uuid[], :keys::text[], :headers::text[],
    :values::text[], :eventTopics::text[], :partitions::integer[], :offsets::bigint[], :eventIds::text[])
    WITH ORDINALITY AS message (message_id, alert_id, fingerprint, key, headers, value, event_topic, partition, "offset",
      event_id, position),
    unnest(:sinks::text[], :topics::text[]) WITH ORDINALITY AS address (sink, topic, place)
  ORDER BY position, place
`);

/** Marks alerts as sent, and sets others aside, each with a reason. */
export const settleOutbox = execute<{
  sentIds: readonly number[];
  refusedIds: readonly number[];
  reasons: readonly string[];
}>(`
  WITH refused AS (
    UPDATE flowline.alert_outbox AS alert
    SET dead_at = clock_timestamp(), error = refusal.reason, attempts = alert.attempts + 1
    FROM unnest(:refusedIds::bigint[], :reasons::text[]) AS refusal (outbox_id, reason)
    WHERE alert.outbox_id = refusal.outbox_id
  )
  UPDATE flowline.alert_outbox SET sent_at = clock_timestamp() WHERE outbox_id = ANY (:sentIds::bigint[])
`);

/** Notes why an alert was not sent; it waits on. */
export const noteUnsent = execute<{ outboxId: number; reason: string }>(`
  UPDATE flowline.alert_outbox SET error = :reason, attempts = attempts + 1 WHERE outbox_id = :outboxId
`);

/** Waiting alerts of one queue. */
export interface WaitingAlertsRow {
  readonly detector: string;
  readonly sink: string;
  readonly topic: string;
  readonly waiting: number;
  readonly oldestAt: Date;
  /**
   * Reason why the oldest was not sent when that was last tried, or why it is held back; null if it
   * was not tried.
   */
  readonly error: string | null;
}

/** Selects the waiting alerts of a detector (null: of all) by queue, the longest wait first. */
export const selectWaitingAlerts = many<WaitingAlertsRow, { detector: string | null }>(`
  SELECT detector, sink, topic, count(*) AS waiting, min(created_at) AS "oldestAt",
         (array_agg(coalesce(error, CASE WHEN ${isDeferred} THEN 'it waits for its explanation' END) ORDER BY outbox_id))[1] AS error
  FROM flowline.alert_outbox
  WHERE sent_at IS NULL AND dead_at IS NULL AND (:detector::text IS NULL OR detector = :detector)
  GROUP BY detector, sink, topic ORDER BY min(created_at)
`);

/** Sets the waiting alerts of a detector for one topic of a sink (null: of any sink) aside. */
export const setAsideWaiting = many<{ outboxId: number }, { detector: string; sink: string | null; topic: string }>(`
  UPDATE flowline.alert_outbox SET dead_at = clock_timestamp()
  WHERE detector = :detector AND topic = :topic AND (:sink::text IS NULL OR sink = :sink)
    AND sent_at IS NULL AND dead_at IS NULL
  RETURNING outbox_id AS "outboxId"
`);

/** Deletes the waiting alerts of a detector. */
export const withdrawAlerts = execute<{ detector: string }>(`
  DELETE FROM flowline.alert_outbox WHERE detector = :detector AND sent_at IS NULL AND dead_at IS NULL
`);

/**
 * Deletes alerts sent more than `keepDays` ago, and alerts for standard output that have waited as
 * long, at most `limit` of each per call.
 */
export const expireOutbox = one<{ removed: number }, { keepDays: number; limit: number }>(`
  WITH removed AS (
    DELETE FROM flowline.alert_outbox WHERE outbox_id IN (
      (SELECT outbox_id FROM flowline.alert_outbox
       WHERE sent_at < now() - make_interval(days => :keepDays::integer) ORDER BY sent_at LIMIT :limit)
      UNION ALL
      (SELECT outbox_id FROM flowline.alert_outbox
       WHERE sink = 'stdout' AND sent_at IS NULL AND dead_at IS NULL
         AND created_at < now() - make_interval(days => :keepDays::integer)
       LIMIT :limit))
    RETURNING 1)
  SELECT count(*)::integer AS removed FROM removed
`);
