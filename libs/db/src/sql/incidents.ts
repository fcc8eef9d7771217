import type { Severity } from '@flowline/alerts';

import type { Queryable } from '../database.ts';
import { selectWhere } from '../select-where.ts';
import { alertConditions, type AlertFilterConditions } from './alert-lists.ts';

/** Alerts that belong together: of one detector or entity, and of one time. */
export interface IncidentRow {
  /** Id of the alert that began it. */
  readonly incidentId: string;
  /** Entity by which it is grouped, or the only one; null for several, and for none. */
  readonly entity: string | null;
  /** Number of entities. */
  readonly entities: number;
  readonly detectors: readonly string[];
  readonly alerts: number;
  /** Alerts that are open. */
  readonly open: number;
  /** Alerts that nobody has acknowledged. */
  readonly unseen: number;
  /** Alerts by severity. */
  readonly severities: Readonly<Record<string, number>>;
  readonly severity: Severity;
  /** Anomalies of its alerts. */
  readonly anomalies: number;
  readonly firstSeen: Date;
  readonly lastSeen: Date;
  readonly peakBits: number;
  /** Features that most of its alerts are about, with their alerts. */
  readonly features: readonly { readonly feature: string; readonly alerts: number }[];
  /** Its most severe alert, and of these the most surprising. */
  readonly worstId: string;
}

/** Position of the last row of a page, and how alerts are grouped. */
interface IncidentPage {
  readonly byEntity: boolean;
  readonly afterTime: Date | null;
  readonly afterId: string | null;
}

/** Alerts that are grouped at most: the ones with the latest anomalies. */
const MOST_GROUPED = 50_000;
/** Pause after which the next alert begins another incident. */
const GAP = "interval '5 minutes'";
const FEATURES = 3;
const ranked = `array_position(ARRAY['info', 'warning', 'major', 'critical'], severity)`;

/**
 * Groups alerts whose times overlap, or are at most five minutes apart, and selects the groups with
 * the latest anomaly first. Groups are islands of time: no other alert of the same detector (or
 * entity) has its last anomaly between the first and the last of a group.
 */
export const selectIncidents: (
  client: Queryable,
  parameters: Partial<AlertFilterConditions> & IncidentPage & { readonly limit: number },
) => Promise<Readonly<IncidentRow>[]> = selectWhere<IncidentRow, AlertFilterConditions & IncidentPage>(
  {
    ...alertConditions,
    // The index of open alerts has a condition of its own.
    state: "state = :state AND (:state <> 'open' OR due_at IS NOT NULL)",
    ...{ byEntity: 'true', afterTime: 'true', afterId: 'true' },
  },
  (where) => `
    WITH matched AS (
      SELECT alert_id, detector, entity, feature, state, severity, count, first_seen, last_seen, peak_bits,
        acknowledged_at, CASE WHEN :byEntity::boolean AND entity IS NOT NULL THEN 'entity ' || entity
          ELSE 'detector ' || detector END AS owner
      FROM (SELECT *, phase AS state FROM flowline.alerts WHERE phase <> 'counting') AS alerts
      ${where} ORDER BY last_seen DESC, alert_id DESC LIMIT ${MOST_GROUPED}
    ), reaching AS (
      SELECT *, max(last_seen) OVER (
        PARTITION BY owner ORDER BY first_seen, alert_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS reached
      FROM matched
    ), placed AS (
      SELECT *, count(*) FILTER (WHERE reached IS NULL OR first_seen > reached + ${GAP})
        OVER (PARTITION BY owner ORDER BY first_seen, alert_id) AS place
      FROM reaching
    ), incidents AS (
      SELECT owner, place, (array_agg(alert_id ORDER BY first_seen, alert_id))[1] AS id,
        CASE WHEN min(coalesce(entity, '')) = max(coalesce(entity, '')) THEN max(entity) END AS entity,
        count(DISTINCT entity) AS entities, array_agg(DISTINCT detector) AS detectors, count(*) AS alerts,
        count(*) FILTER (WHERE state = 'open') AS open, count(*) FILTER (WHERE acknowledged_at IS NULL) AS unseen,
        max(${ranked}) AS rank, sum(count)::bigint AS anomalies, min(first_seen) AS first_seen,
        max(last_seen) AS last_seen, max(peak_bits) AS peak_bits,
        (array_agg(alert_id ORDER BY ${ranked} DESC, peak_bits DESC, alert_id))[1] AS worst
      FROM placed GROUP BY owner, place
    ), page AS (
      SELECT * FROM incidents
      WHERE :afterTime::timestamptz IS NULL OR (last_seen, id) < (:afterTime::timestamptz, :afterId::uuid)
      ORDER BY last_seen DESC, id DESC LIMIT :limit
    ), severities AS (
      SELECT owner, place, jsonb_object_agg(severity, alerts) AS severities
      FROM (SELECT owner, place, severity, count(*) AS alerts FROM placed GROUP BY owner, place, severity) AS counted
      GROUP BY owner, place
    ), features AS (
      SELECT owner, place, jsonb_agg(jsonb_build_object('feature', feature, 'alerts', alerts) ORDER BY place_of) AS features
      FROM (
        SELECT owner, place, feature, count(*) AS alerts,
          row_number() OVER (PARTITION BY owner, place ORDER BY count(*) DESC, feature) AS place_of
        FROM placed WHERE feature IS NOT NULL GROUP BY owner, place, feature) AS counted
      WHERE place_of <= ${FEATURES} GROUP BY owner, place
    )
    SELECT id AS "incidentId", entity, entities, detectors, alerts, open, unseen, severities,
      (ARRAY['info', 'warning', 'major', 'critical'])[rank] AS severity, anomalies, first_seen AS "firstSeen",
      last_seen AS "lastSeen", peak_bits AS "peakBits", coalesce(features, '[]') AS features, worst AS "worstId"
    FROM page JOIN severities USING (owner, place) LEFT JOIN features USING (owner, place)
    ORDER BY last_seen DESC, id DESC`,
);
