import type { AlertKind, Severity } from '@flowline/alerts';
import type { Alert } from '@flowline/events';

import { selectWhere } from '../select-where.ts';
import { many, maybe } from '../statement.ts';
import { alertStateColumns, type AlertPeakRow, type StoredAbsence, type StoredStorm } from './alerts.ts';

/** Alert as people read it. */
export interface AlertRow {
  readonly alertId: string;
  readonly detector: string;
  readonly kind: AlertKind;
  readonly entity: string | null;
  /** The most surprising feature; null if its anomalies are not explained. */
  readonly feature: string | null;
  readonly state: 'open' | 'resolved';
  readonly severity: Severity;
  /** Anomalies so far; openings, if it is a storm. */
  readonly count: number;
  readonly firstSeen: Date;
  readonly lastSeen: Date;
  readonly resolvedAt: Date | null;
  readonly peakBits: number;
  readonly summary: string | null;
  /** Messages about it so far. */
  readonly messages: number;
  readonly acknowledgedAt: Date | null;
  readonly acknowledgedBy: string | null;
  readonly snoozedUntil: Date | null;
  /** Its most surprising anomaly, as it is published; null for a storm and an absence. */
  readonly peak: Alert | null;
  readonly storm: StoredStorm | null;
  /** The silence that it is about; null unless its kind is `absence`. */
  readonly absence: StoredAbsence | null;
  readonly topic: string;
  readonly partition: number;
  readonly fingerprint: string;
}

const columns = `
  alert_id AS "alertId", detector, kind, entity, feature, state, severity, count, first_seen AS "firstSeen",
  last_seen AS "lastSeen", resolved_at AS "resolvedAt", peak_bits AS "peakBits", summary, messages,
  acknowledged_at AS "acknowledgedAt", acknowledged_by AS "acknowledgedBy", snoozed_until AS "snoozedUntil", peak,
  storm, absence, topic, partition, fingerprint`;

/** Conditions on alerts by which people filter them. */
export interface AlertFilterConditions {
  readonly detector: string;
  readonly state: 'open' | 'resolved';
  readonly kind: AlertKind;
  readonly severity: Severity;
  readonly entity: string;
  readonly hasEntity: boolean;
  readonly acknowledged: boolean;
  /** Earliest time of the last anomaly, inclusive. */
  readonly from: Date;
  /** Latest time of the last anomaly, exclusive. */
  readonly to: Date;
}

/** Conditions on alerts. */
export interface AlertConditions extends AlertFilterConditions {
  /** Position of the last row of the previous page: its time, and its id. */
  readonly afterTime: Date;
  readonly afterId: string;
}

/** Conditions of {@link AlertFilterConditions}, on the columns of v1_alerts. */
export const alertConditions = {
  detector: 'detector = :detector',
  state: 'state = :state',
  kind: 'kind = :kind',
  severity: 'severity = :severity',
  entity: 'entity = :entity',
  hasEntity: '(entity IS NOT NULL) = :hasEntity',
  acknowledged: '(acknowledged_at IS NOT NULL) = :acknowledged',
  from: 'last_seen >= :from',
  to: 'last_seen < :to',
} as const;

/** Selects alerts, the one with the latest anomaly first. */
export const selectAlerts = selectWhere<AlertRow, AlertConditions>(
  {
    ...alertConditions,
    afterTime: 'last_seen <= :afterTime',
    afterId: '(last_seen, alert_id) < (:afterTime, :afterId::uuid)',
  },
  (where) => `SELECT ${columns} FROM flowline.v1_alerts ${where} ORDER BY last_seen DESC, alert_id DESC LIMIT :limit`,
);

/** Selects alerts by their ids. */
export const selectAlertsOf = many<AlertRow, { alertIds: readonly string[] }>(`
  SELECT ${columns} FROM flowline.v1_alerts WHERE alert_id = ANY (:alertIds::uuid[])
`);

/** Source of an alert, whose lock permits to change it. */
export interface AlertSourceRow {
  readonly alertId: string;
  readonly detector: string;
  readonly topic: string;
}

/** Conditions on alerts that are about to be changed. */
interface ChangeConditions extends AlertFilterConditions {
  readonly alertIds: readonly string[];
  /** Another end of the snooze than this; null for none. */
  readonly notSnoozedUntil: Date | null;
}

/** Selects the sources of alerts that are about to be changed. */
export const selectAlertSources = selectWhere<AlertSourceRow, ChangeConditions>(
  {
    ...alertConditions,
    alertIds: 'alert_id = ANY (:alertIds::uuid[])',
    notSnoozedUntil: 'snoozed_until IS DISTINCT FROM :notSnoozedUntil::timestamptz',
  },
  (where) => `
    SELECT alert_id AS "alertId", detector, topic FROM flowline.v1_alerts ${where}
    ORDER BY detector, topic, alert_id LIMIT :limit`,
);

/** Selects one alert. */
export const selectAlert = maybe<AlertRow, { alertId: string }>(`
  SELECT ${columns} FROM flowline.v1_alerts WHERE alert_id = :alertId
`);

/** Selects the alerts whose ids lie within a range, both ends included. */
export const selectAlertsBetween = many<AlertRow, { first: string; last: string; limit: number }>(`
  SELECT ${columns} FROM flowline.v1_alerts
  WHERE alert_id BETWEEN :first::uuid AND :last::uuid ORDER BY alert_id LIMIT :limit
`);

/** Selects the alert of an anomaly: null if it is part of none. */
export const selectAlertOfAnomaly = maybe<{ alertId: string | null }, { anomalyId: number }>(`
  SELECT alert_id AS "alertId" FROM flowline.anomalies WHERE anomaly_id = :anomalyId
`);

/** Selects an alert by the id of a message about it, or by its fingerprint. */
export const selectAlertOfUuid = maybe<{ alertId: string; kind: 'message' | 'fingerprint' }, { id: string }>(`
  (SELECT alert_id AS "alertId", 'message' AS kind FROM flowline.alert_outbox WHERE message_id = :id::uuid LIMIT 1)
  UNION ALL
  (SELECT alert_id, 'fingerprint' FROM flowline.v1_alerts WHERE fingerprint = :id::uuid ORDER BY last_seen DESC LIMIT 1)
  LIMIT 1
`);

/** Selects the states of alerts and their places, and locks them. */
export const lockAlertStates = many<
  AlertPeakRow & { readonly detector: string; readonly topic: string; readonly partition: number },
  { alertIds: readonly string[] }
>(`
  SELECT detector, topic, partition, peak, ${alertStateColumns} FROM flowline.alerts
  WHERE alert_id = ANY (:alertIds::uuid[]) ORDER BY alert_id FOR UPDATE
`);

/** Notes who has seen an alert first; null is the database user. */
export const updateAcknowledged = maybe<{ alertId: string }, { alertId: string; by: string | null }>(`
  UPDATE flowline.alerts
  SET acknowledged_at = coalesce(acknowledged_at, now()), acknowledged_by = coalesce(acknowledged_by, :by::text, session_user)
  WHERE alert_id = :alertId AND phase <> 'counting' RETURNING alert_id AS "alertId"
`);

/** Notes who has seen alerts first; null is the database user. */
export const updateAllAcknowledged = many<{ alertId: string }, { alertIds: readonly string[]; by: string | null }>(`
  UPDATE flowline.alerts
  SET acknowledged_at = now(), acknowledged_by = coalesce(:by::text, session_user)
  WHERE alert_id = ANY (:alertIds::uuid[]) AND phase <> 'counting' AND acknowledged_at IS NULL
  RETURNING alert_id AS "alertId"
`);

/** Holds back the pages of alerts until a time; null ends that. */
export const updateAllSnoozed = many<{ alertId: string }, { alertIds: readonly string[]; until: Date | null }>(`
  UPDATE flowline.alerts SET snoozed_until = :until
  WHERE alert_id = ANY (:alertIds::uuid[]) AND phase <> 'counting'
    AND snoozed_until IS DISTINCT FROM :until::timestamptz
  RETURNING alert_id AS "alertId"
`);

/** Holds back the pages of an alert until a time; null ends that. */
export const updateSnoozed = maybe<{ alertId: string }, { alertId: string; until: Date | null }>(`
  UPDATE flowline.alerts SET snoozed_until = :until
  WHERE alert_id = :alertId AND phase <> 'counting' RETURNING alert_id AS "alertId"
`);

/** Selects alerts that have changed in the last seconds, the latest change last. */
export const selectChangedAlerts = many<AlertRow & { readonly changedAt: Date }, { seconds: number; limit: number }>(`
  SELECT a.changed_at AS "changedAt", ${columns}
  FROM (
    SELECT alert_id, changed_at FROM flowline.alerts
    WHERE changed_at > clock_timestamp() - make_interval(secs => :seconds) AND phase <> 'counting'
    ORDER BY changed_at LIMIT :limit) AS a
  JOIN flowline.v1_alerts USING (alert_id) ORDER BY a.changed_at
`);
