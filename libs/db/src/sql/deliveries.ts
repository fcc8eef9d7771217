import { execute, many, one } from '../statement.ts';
import { type AlertPeakRow, alertStateColumns } from './alerts.ts';
import { type AwaitedRow, awaitedColumns, isHeld } from './outbox.ts';

/** Message that was claimed for a sink. */
export interface DeliveryRow extends AwaitedRow {
  readonly outboxId: number;
  readonly messageId: string;
  readonly detector: string;
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly value: string;
  /** Earlier attempts. */
  readonly attempts: number;
}

/** Sink for which messages wait. */
export interface WaitingSinkRow {
  readonly sink: string;
  /** True if one of them is due. */
  readonly isDue: boolean;
}

/**
 * Selects the sinks by name, other than those that a scorer has of its own, for which messages of
 * detectors wait. Steps through the index from sink to sink.
 */
export const selectWaitingSinks = many<WaitingSinkRow, { detectors: readonly string[] }>(`
  WITH RECURSIVE waiting AS (
    (SELECT sink FROM flowline.alert_outbox WHERE sent_at IS NULL AND dead_at IS NULL ORDER BY sink LIMIT 1)
    UNION ALL
    SELECT (SELECT sink FROM flowline.alert_outbox
            WHERE sent_at IS NULL AND dead_at IS NULL AND sink > waiting.sink ORDER BY sink LIMIT 1)
    FROM waiting WHERE waiting.sink IS NOT NULL
  )
  SELECT sink, EXISTS (
    SELECT FROM flowline.alert_outbox o
    WHERE o.sink = waiting.sink AND o.detector = ANY (:detectors) AND sent_at IS NULL AND dead_at IS NULL
      AND due_at <= clock_timestamp()) AS "isDue"
  FROM waiting
  WHERE sink NOT IN ('kafka', 'stdout') AND EXISTS (
    SELECT FROM flowline.alert_outbox o
    WHERE o.sink = waiting.sink AND o.detector = ANY (:detectors) AND sent_at IS NULL AND dead_at IS NULL)
`);

/**
 * Claims the due messages for a sink for a time, the oldest first and one per alert: messages about
 * an alert are sent in order. A claim that is not settled in time ends; others may take it over.
 * Messages that wait for their explanation are left out, for at most `holdMs` (null: without end),
 * with those of their fingerprints after them.
 */
export const claimDeliveries = many<
  DeliveryRow,
  { sink: string; detectors: readonly string[]; claimMs: number; limit: number; holdMs: number | null }
>(`
  WITH held AS (
    SELECT fingerprint, min(outbox_id) AS first_id FROM flowline.alert_outbox
    WHERE sink = :sink AND detector = ANY (:detectors) AND ${isHeld}
      AND (:holdMs::float8 IS NULL OR created_at > clock_timestamp() - make_interval(secs => :holdMs::float8 / 1000))
    GROUP BY fingerprint
  ), due AS (
    SELECT outbox_id FROM flowline.alert_outbox o
    WHERE sink = :sink AND detector = ANY (:detectors) AND sent_at IS NULL AND dead_at IS NULL
      AND due_at <= clock_timestamp()
      AND NOT EXISTS (
        SELECT FROM flowline.alert_outbox earlier
        WHERE earlier.alert_id = o.alert_id AND earlier.sink = o.sink AND earlier.outbox_id < o.outbox_id
          AND earlier.sent_at IS NULL AND earlier.dead_at IS NULL)
      AND NOT EXISTS (SELECT FROM held WHERE held.fingerprint = o.fingerprint AND first_id <= outbox_id)
    ORDER BY due_at, outbox_id LIMIT :limit
    FOR UPDATE SKIP LOCKED
  ), claimed AS (
    UPDATE flowline.alert_outbox o
    SET due_at = clock_timestamp() + make_interval(secs => :claimMs::float8 / 1000)
    FROM due WHERE o.outbox_id = due.outbox_id
    RETURNING o.outbox_id, coalesce(message_id, alert_id) AS message_id, detector, key, headers, value, attempts, awaits
  )
  SELECT outbox_id AS "outboxId", message_id AS "messageId", o.detector, key, headers, value, attempts, ${awaitedColumns}
  FROM claimed o LEFT JOIN flowline.anomalies a ON a.anomaly_id = o.awaits ORDER BY outbox_id
`);

/**
 * Settles claimed messages: accepted, or failed. A failure is due again after its delay; it is set
 * aside if the sink refuses it, or has failed for longer than `retryForMs`.
 */
export const settleDeliveries = one<
  { setAside: number },
  {
    sentIds: readonly number[];
    failedIds: readonly number[];
    refused: readonly boolean[];
    delaysMs: readonly number[];
    reasons: readonly string[];
    retryForMs: number;
  }
>(`
  WITH sent AS (
    UPDATE flowline.alert_outbox SET sent_at = clock_timestamp()
    WHERE outbox_id = ANY (:sentIds::bigint[]) AND dead_at IS NULL
  ), failed AS (
    UPDATE flowline.alert_outbox o
    SET attempts = attempts + 1, error = failure.reason, failing_since = coalesce(failing_since, clock_timestamp()),
        due_at = clock_timestamp() + make_interval(secs => failure.delay_ms / 1000),
        dead_at = CASE WHEN failure.refused
          OR failing_since <= clock_timestamp() - make_interval(secs => :retryForMs::float8 / 1000)
          THEN clock_timestamp() END
    FROM unnest(:failedIds::bigint[], :refused::boolean[], :delaysMs::float8[], :reasons::text[])
      AS failure (outbox_id, refused, delay_ms, reason)
    WHERE o.outbox_id = failure.outbox_id AND sent_at IS NULL AND dead_at IS NULL
    RETURNING o.dead_at
  )
  SELECT count(dead_at) AS "setAside" FROM failed
`);

/** Notes on the oldest waiting message of a sink why nothing is sent; the message waits on. */
export const noteWaiting = execute<{ sink: string; detectors: readonly string[]; reason: string }>(`
  UPDATE flowline.alert_outbox SET error = :reason
  WHERE outbox_id = ANY (
    SELECT min(outbox_id) FROM flowline.alert_outbox
    WHERE sink = :sink AND detector = ANY (:detectors) AND sent_at IS NULL AND dead_at IS NULL GROUP BY detector)
    AND error IS DISTINCT FROM :reason
`);

/**
 * Selects the open alerts that a sink has been told of and for which no message waits, a page at a
 * time.
 */
export const selectOpenAlerts = many<
  AlertPeakRow & { readonly detector: string },
  { sink: string; detectors: readonly string[]; after: string | null; limit: number }
>(`
  SELECT detector, peak, ${alertStateColumns}
  FROM flowline.alerts a
  WHERE detector = ANY (:detectors) AND due_at IS NOT NULL AND phase = 'open' AND told = 'open'
    AND (:after::uuid IS NULL OR alert_id > :after)
    AND EXISTS (SELECT FROM flowline.alert_outbox o WHERE o.alert_id = a.alert_id AND sink = :sink AND sent_at IS NOT NULL)
    AND NOT EXISTS (
      SELECT FROM flowline.alert_outbox o
      WHERE o.alert_id = a.alert_id AND sink = :sink AND sent_at IS NULL AND dead_at IS NULL)
  ORDER BY alert_id LIMIT :limit
`);
