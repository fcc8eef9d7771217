import type { Verdict } from '@flowline/alerts';

import { selectWhere } from '../select-where.ts';
import { execute, many, maybe } from '../statement.ts';

/** Answer of a person to an anomaly or an alert. */
export interface FeedbackRow {
  readonly feedbackId: number;
  readonly detector: string;
  /** The anomaly; null for an answer to an alert. */
  readonly anomalyId: number | null;
  readonly alertId: string | null;
  readonly verdict: Verdict;
  readonly note: string | null;
  readonly by: string;
  readonly at: Date;
  /** Time of the event; of an alert, of its first one. */
  readonly eventTime: Date;
  readonly entity: string | null;
  /** The most surprising feature; null if it was not explained. */
  readonly feature: string | null;
  readonly direction: string | null;
  readonly surpriseBits: number;
  /** True for the latest answer to the same anomaly or alert. */
  readonly counts: boolean;
}

const columns = `
  feedback_id AS "feedbackId", detector, anomaly_id AS "anomalyId", alert_id AS "alertId", verdict, note, by AS "by", at,
  event_time AS "eventTime", entity, feature, direction, surprise_bits AS "surpriseBits"`;

/** Makes the answers of a detector wait for each other until the transaction ends. */
export const lockFeedback = execute<{ detector: string }>(`
  SELECT pg_advisory_xact_lock(hashtextextended('flowline.feedback ' || :detector, 0))
`);

/** Selects the detector of an anomaly. */
export const selectDetectorOfAnomaly = maybe<{ detector: string }, { anomalyId: number }>(`
  SELECT detector FROM flowline.anomalies WHERE anomaly_id = :anomalyId
`);

/** Selects the detector of an alert that has opened. */
export const selectDetectorOfAlert = maybe<{ detector: string }, { alertId: string }>(`
  SELECT detector FROM flowline.v1_alerts WHERE alert_id = :alertId::uuid
`);

/** Stores an answer to an anomaly. */
export const insertAnomalyFeedback = maybe<
  FeedbackRow,
  { anomalyId: number; verdict: Verdict; note: string | null; by: string | null }
>(`
  INSERT INTO flowline.feedback (detector, anomaly_id, topic, partition, "offset", event_id, event_time, entity, feature,
    direction, surprise_bits, verdict, note, by)
  SELECT detector, anomaly_id, topic, partition, "offset", event_id, event_time, entity, top_feature,
    contributions #>> '{0,direction}', surprise_bits, :verdict, :note, coalesce(:by::text, session_user)
  FROM flowline.v1_anomalies WHERE anomaly_id = :anomalyId
  RETURNING ${columns}, true AS counts
`);

/** Stores an answer to an alert, with the end of the link that gave it. */
export const insertAlertFeedback = maybe<
  FeedbackRow,
  { alertId: string; verdict: Verdict; note: string | null; by: string | null; linkEndsAt: Date | null }
>(`
  INSERT INTO flowline.feedback (detector, alert_id, event_time, entity, feature, direction, surprise_bits, verdict, note, by,
    link_ends_at)
  SELECT detector, alert_id, first_seen, entity, coalesce(feature, peak #>> '{contributions,0,feature}'),
    peak #>> '{contributions,0,direction}', peak_bits, :verdict, :note, coalesce(:by::text, session_user),
    :linkEndsAt::timestamptz
  FROM flowline.v1_alerts WHERE alert_id = :alertId::uuid
  RETURNING ${columns}, true AS counts
`);

/** Selects the answer that a link has given. */
export const selectLinkFeedback = maybe<FeedbackRow, { alertId: string; verdict: Verdict; endsAt: Date }>(`
  SELECT ${columns}, counts FROM flowline.v1_feedback WHERE feedback_id = (
    SELECT feedback_id FROM flowline.feedback
    WHERE alert_id = :alertId::uuid AND verdict = :verdict AND link_ends_at = :endsAt::timestamptz)
`);

/** Adds the events of an anomaly, or of the anomalies of an alert, to those that are confirmed. */
export const insertConfirmedEvents = execute<{ detector: string; anomalyId: number | null; alertId: string | null }>(`
  INSERT INTO flowline.confirmed_events (detector, event_time, topic, partition, "offset", event_id, anomaly_id)
  SELECT detector, event_time, topic, partition, "offset", event_id, anomaly_id FROM flowline.anomalies
  WHERE detector = :detector AND (anomaly_id = :anomalyId::bigint OR alert_id = :alertId::uuid)
  ON CONFLICT DO NOTHING
`);

/**
 * Removes the event of an anomaly, or those of the anomalies of an alert, from the confirmed ones;
 * of an alert not those whose own answer is `confirmed`.
 */
export const deleteConfirmedEvents = execute<{ detector: string; anomalyId: number | null; alertId: string | null }>(`
  DELETE FROM flowline.confirmed_events WHERE detector = :detector AND anomaly_id IN (
    SELECT anomaly_id FROM flowline.anomalies
    WHERE detector = :detector AND (anomaly_id = :anomalyId::bigint OR alert_id = :alertId::uuid))
  AND NOT EXISTS (SELECT FROM flowline.v1_feedback own
    WHERE own.anomaly_id = confirmed_events.anomaly_id AND own.counts AND own.verdict = 'confirmed')
`);

/** Conditions on answers. */
interface FeedbackConditions {
  readonly detector: string;
  readonly anomalyId: number;
  readonly alertId: string;
  /** True for the latest answer to each anomaly and alert. */
  readonly counts: boolean;
  /** Upper bound of the id, exclusive. */
  readonly before: number;
}

/** Selects answers, the latest first. */
export const selectFeedback = selectWhere<FeedbackRow, FeedbackConditions>(
  {
    detector: 'detector = :detector',
    anomalyId: 'anomaly_id = :anomalyId::bigint',
    alertId: 'alert_id = :alertId::uuid',
    counts: 'counts = :counts',
    before: 'feedback_id < :before',
  },
  (where) => `SELECT ${columns}, counts FROM flowline.v1_feedback ${where} ORDER BY feedback_id DESC LIMIT :limit`,
);

/** Selects the ids of events that models are not to learn from, the latest first. */
export const selectExcludedIds = many<{ eventId: string }, { detector: string; limit: number }>(`
  SELECT event_id AS "eventId" FROM flowline.excluded_events WHERE detector = :detector
  ORDER BY event_time DESC LIMIT :limit
`);
