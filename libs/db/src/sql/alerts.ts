import type { Absence, AlertKind, Severity } from '@flowline/alerts';
import type { Alert } from '@flowline/events';

import { execute, many, one } from '../statement.ts';

/** Alert with its state, as it is read. */
export interface AlertStateRow {
  readonly alertId: string;
  readonly fingerprint: string;
  readonly kind: AlertKind;
  readonly entity: string | null;
  readonly feature: string | null;
  readonly phase: 'counting' | 'open' | 'resolved';
  readonly severity: Severity;
  readonly count: number;
  readonly firstSeen: Date;
  readonly lastSeen: Date;
  readonly resolvedAt: Date | null;
  readonly peakBits: number;
  readonly recent: readonly Date[];
  readonly told: 'nothing' | 'open' | 'resolved';
  readonly messages: number;
  readonly pagedAt: Date | null;
  readonly pagedSeverity: Severity | null;
  readonly storm: StoredStorm | null;
  readonly absence: StoredAbsence | null;
  readonly snoozed: boolean;
}

/** Alert with its state and its most surprising anomaly, which a storm has not. */
export interface AlertPeakRow extends AlertStateRow {
  readonly peak: Alert | null;
}

/** Columns of {@link AlertStateRow}. */
export const alertStateColumns = `
  alert_id AS "alertId", fingerprint, kind, entity, feature, phase, severity, count, first_seen AS "firstSeen",
  last_seen AS "lastSeen", resolved_at AS "resolvedAt", peak_bits AS "peakBits", recent, told, messages,
  paged_at AS "pagedAt", paged_severity AS "pagedSeverity", storm, absence,
  coalesce(snoozed_until > clock_timestamp(), false) AS snoozed`;

/** Selects the most surprising anomalies of alerts. */
export const selectAlertPeaks = many<{ alertId: string; peak: Alert }, { alertIds: readonly string[] }>(`
  SELECT alert_id AS "alertId", peak FROM flowline.alerts WHERE alert_id = ANY (:alertIds::uuid[]) AND peak IS NOT NULL
`);

/** Silence of an alert, as it is stored. */
export interface StoredAbsence extends Absence {
  readonly summary: string;
}

/** `due_at` of an open alert that no event time resolves. */
export const NEVER_DUE = '9999-12-31T00:00:00.000Z';

/** The parts of a storm beside its life, as they are stored. */
export interface StoredStorm {
  readonly byFeature: Readonly<Record<string, number>>;
  readonly worst: readonly { opens: string; entity: string | null; feature: string | null; bits: number }[];
  readonly summary: string;
}

/**
 * Locks the alerts of a detector's source until the transaction ends. Whoever changes them holds
 * this lock, so that no two batches begin the same alert, or tell of it.
 */
export const lockAlerts = execute<{ detector: string; topic: string }>(`
  SELECT pg_advisory_xact_lock(hashtextextended('flowline.alerts ' || :detector || ' ' || :topic, 0))
`);

/**
 * Selects the latest alerts of fingerprints, and at most `limit` open alerts of a partition that
 * are due to be resolved at an event time.
 */
export const selectAlertStates = many<
  AlertStateRow,
  {
    detector: string;
    topic: string;
    partition: number;
    fingerprints: readonly string[];
    time: Date | null;
    limit: number;
  }
>(`
  WITH wanted AS (
    SELECT alert_id FROM flowline.alerts
    WHERE detector = :detector AND is_latest AND fingerprint = ANY (:fingerprints::uuid[])
    UNION
    (SELECT alert_id FROM flowline.alerts
     WHERE detector = :detector AND topic = :topic AND partition = :partition AND due_at <= :time::timestamptz
     ORDER BY due_at LIMIT :limit)
  )
  SELECT ${alertStateColumns}
  FROM wanted JOIN flowline.alerts USING (alert_id) ORDER BY alert_id
`);

/**
 * Selects open alerts of partitions in which nothing has happened for `quietMs` by the clock: their
 * streams have stopped, so that no event time will resolve them.
 */
export const selectQuietAlerts = many<
  AlertPeakRow & { readonly partition: number },
  { detector: string; topic: string; partitions: readonly number[]; quietMs: number; limit: number }
>(`
  WITH quiet AS (
    SELECT partition FROM flowline.stream_offsets
    WHERE detector = :detector AND topic = :topic AND partition = ANY (:partitions::integer[]) AND alerts_due IS NOT NULL
      AND updated_at < clock_timestamp() - make_interval(secs => :quietMs::float8 / 1000)
      AND NOT EXISTS (SELECT FROM flowline.anomaly_backlog AS waiting
        WHERE waiting.detector = :detector AND waiting.topic = :topic AND waiting.partition = stream_offsets.partition
          AND waiting.set_aside_at IS NULL)
  )
  SELECT partition, peak, ${alertStateColumns}
  FROM quiet JOIN flowline.alerts USING (partition)
  WHERE detector = :detector AND topic = :topic AND due_at < '${NEVER_DUE}'
    AND changed_at < clock_timestamp() - make_interval(secs => :quietMs::float8 / 1000)
  ORDER BY alert_id LIMIT :limit
`);

/** Columns of an alert that are stored after a batch. */
const storedColumns = `alert_id, fingerprint, is_latest, detector, topic, partition, kind, entity, feature, phase, severity,
    count, first_seen, last_seen, resolved_at, due_at, peak_bits, recent, told, messages, paged_at, paged_severity, peak,
    storm, absence`;

/** JSON list of the rows of alerts, as rows. */
const givenRows = 'jsonb_populate_recordset(null::flowline.alerts, :rows::jsonb)';

/** An alert that is stored already gets the new values. */
const storedAnew = `
  ON CONFLICT (alert_id) DO UPDATE SET
    is_latest = excluded.is_latest, partition = excluded.partition, phase = excluded.phase, severity = excluded.severity,
    count = excluded.count, first_seen = excluded.first_seen, last_seen = excluded.last_seen,
    resolved_at = excluded.resolved_at, due_at = excluded.due_at, peak_bits = excluded.peak_bits, recent = excluded.recent,
    told = excluded.told, messages = excluded.messages, paged_at = excluded.paged_at,
    paged_severity = excluded.paged_severity, peak = coalesce(excluded.peak, stored.peak), storm = excluded.storm,
    absence = coalesce(excluded.absence, stored.absence), changed_at = clock_timestamp()`;

/**
 * Stores alerts, from a JSON list of rows; those that are no longer the latest of their fingerprint
 * come first. What people have said of an alert is kept, and so is a peak for which none is given.
 */
export const upsertAlerts = execute<{ rows: string }>(`
  INSERT INTO flowline.alerts AS stored (${storedColumns})
  SELECT ${storedColumns} FROM ${givenRows}${storedAnew}
`);

/**
 * Stores the alerts of a partition like {@link upsertAlerts} after a batch, and notes the earliest
 * event time at which an open alert of the partition is due to be resolved. In one round trip,
 * since whoever needs the lock of the alerts waits for it.
 */
export const upsertAlertsAndDue = execute<{ rows: string; detector: string; topic: string; partition: number }>(`
  WITH changed AS MATERIALIZED (SELECT * FROM ${givenRows}), due AS (
    UPDATE flowline.stream_offsets SET alerts_due = least(
      (SELECT min(due_at) FROM changed WHERE due_at < '${NEVER_DUE}'),
      (SELECT min(due_at) FROM flowline.alerts
       WHERE detector = :detector AND topic = :topic AND partition = :partition AND due_at < '${NEVER_DUE}'
         AND alert_id NOT IN (SELECT alert_id FROM changed)))
    WHERE detector = :detector AND topic = :topic AND partition = :partition
  )
  INSERT INTO flowline.alerts AS stored (${storedColumns})
  SELECT ${storedColumns} FROM changed${storedAnew}
`);

/** Selects the alerts that the first events of these ids belong to. */
export const selectAlertsOfEvents = many<
  { eventId: string; alertId: string },
  { detector: string; topic: string; eventIds: readonly string[] }
>(`
  SELECT DISTINCT ON (event_id) event_id AS "eventId", alert_id AS "alertId" FROM flowline.anomalies
  WHERE detector = :detector AND topic = :topic AND event_id = ANY (:eventIds) AND alert_id IS NOT NULL
  ORDER BY event_id, anomaly_id
`);

/**
 * Deletes alerts of a detector that ended more than `keepDays` ago, at most `limit` per call.
 */
export const expireAlerts = one<{ removed: number }, { detector: string; keepDays: number; limit: number }>(`
  WITH removed AS (
    DELETE FROM flowline.alerts WHERE alert_id IN (
      SELECT alert_id FROM flowline.alerts
      WHERE detector = :detector AND phase <> 'open' AND changed_at < now() - make_interval(days => :keepDays::integer)
      LIMIT :limit)
    RETURNING 1)
  SELECT count(*)::integer AS removed FROM removed
`);
