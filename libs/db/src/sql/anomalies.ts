import type { Alert, PValueMethod } from '@flowline/events';

import type { Queryable } from '../database.ts';
import { execute, many, maybe, one, type Statement } from '../statement.ts';

/** Anomaly as users read it. */
export interface AnomalyRow {
  readonly anomalyId: number;
  /** Null for an anomaly that is suppressed: it is part of no alert. */
  readonly alertId: string | null;
  readonly detector: string;
  readonly detectorVersion: number;
  readonly modelVersion: number;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly eventId: string;
  readonly eventTime: Date;
  /** Entity; null if events stand alone. */
  readonly entity: string | null;
  readonly scoredAt: Date;
  readonly reason: string;
  readonly logDensityNats: number;
  readonly pValue: number;
  readonly pMethod: string;
  readonly surpriseBits: number;
  readonly topFeature: string | null;
  readonly summary: string;
  readonly observed: Readonly<Record<string, number | string | null>>;
  readonly expected: Alert['expected'];
  readonly contributions: readonly { readonly feature: string; readonly bits: number; readonly direction: string }[];
  readonly nearestNormal: Readonly<Record<string, number | string | null>> | null;
  /** True while the explanation is still to come. */
  readonly explanationFollows: boolean;
  /** Names of the rules that it met, and `calendar/NAME`. */
  readonly rules: readonly string[];
  /** The rule, calendar or bound that keeps it from being part of an alert; null for none. */
  readonly suppressedBy: string | null;
}

const columns = `
  anomaly_id AS "anomalyId", alert_id AS "alertId", detector, detector_version AS "detectorVersion",
  model_version AS "modelVersion", topic, partition, "offset", event_id AS "eventId", event_time AS "eventTime", entity,
  scored_at AS "scoredAt", reason, log_density_nats AS "logDensityNats", p_value AS "pValue", p_method AS "pMethod",
  surprise_bits AS "surpriseBits", top_feature AS "topFeature", summary, observed, expected, contributions,
  nearest_normal AS "nearestNormal", explanation_follows AS "explanationFollows", rules, suppressed_by AS "suppressedBy"`;

/** Conditions on anomalies; each is part of a statement only if its parameter is set. */
const conditions = {
  detector: 'detector = :detector',
  entity: 'entity = :entity',
  feature: 'top_feature = :feature',
  eventId: 'event_id = :eventId',
  alertId: 'alert_id = :alertId',
  from: 'event_time >= :from',
  to: 'event_time < :to',
  maxPValue: 'p_value <= :maxPValue',
  // A time in JavaScript lacks the microseconds; the row itself has them until it is deleted.
  afterId: `(event_time, anomaly_id) < (coalesce(
    (SELECT event_time FROM flowline.anomalies WHERE anomaly_id = :afterId::bigint), :afterTime), :afterId::bigint)`,
} as const;

/** Orders of anomalies. Each has an index of its own, with and without a detector. */
const orders = {
  time: 'event_time DESC, anomaly_id DESC',
  surprise: 'surprise_bits DESC, log_density_nats, anomaly_id',
} as const;
/** Order of anomalies: the latest first, or the most surprising first (ties: lowest density). */
type AnomalyOrder = keyof typeof orders;

/** Parameters of {@link selectAnomalies}; one that is absent lifts its condition. */
export interface AnomalyParameters {
  readonly detector?: string;
  readonly entity?: string;
  readonly feature?: string;
  readonly eventId?: string;
  readonly alertId?: string;
  /** Earliest event time, inclusive. */
  readonly from?: Date;
  /** Latest event time, exclusive. */
  readonly to?: Date;
  readonly maxPValue?: number;
  /** Position of the last row of the previous page, in the order of time. */
  readonly afterTime?: Date;
  readonly afterId?: number;
  readonly limit: number;
}

/**
 * Text of the statement for the conditions that are set. A condition such as `:entity IS NULL OR …`
 * would lose its index once the server plans for any value.
 */
function anomaliesText(order: AnomalyOrder, parameters: AnomalyParameters): string {
  const set = Object.entries(conditions).filter(([name]) => parameters[name as keyof typeof conditions] !== undefined);
  const where = set.length === 0 ? '' : `WHERE ${set.map(([, condition]) => condition).join(' AND ')}`;
  return `SELECT ${columns} FROM flowline.v1_anomalies ${where} ORDER BY ${orders[order]} LIMIT :limit`;
}

/** Statements by their text. */
const statements = new Map<string, Statement<AnomalyParameters, Readonly<AnomalyRow>[]>>();

/** Selects anomalies in an order. Each combination of conditions is a statement of its own. */
export function selectAnomalies(
  client: Queryable,
  order: AnomalyOrder,
  parameters: AnomalyParameters,
): Promise<readonly AnomalyRow[]> {
  const text = anomaliesText(order, parameters);
  const statement = statements.get(text) ?? many<AnomalyRow, AnomalyParameters>(text);
  statements.set(text, statement);
  return statement(client, parameters);
}

/** Anomaly as a chart of scores draws it. */
export interface AnomalyPointRow {
  readonly anomalyId: number;
  readonly eventTime: Date;
  readonly surpriseBits: number;
}

/** Selects the most surprising anomalies of a range as a chart draws them. */
export const selectAnomalyPoints = many<AnomalyPointRow, { detector: string; from: Date; to: Date; limit: number }>(`
  SELECT anomaly_id AS "anomalyId", event_time AS "eventTime", surprise_bits AS "surpriseBits"
  FROM flowline.anomalies WHERE detector = :detector AND event_time >= :from AND event_time < :to
  ORDER BY ${orders.surprise} LIMIT :limit
`);

/** Anomaly that is due to a number, as a chart of that feature draws it. */
export interface FeatureAnomalyRow {
  /** Feature that contributes most. */
  readonly feature: string;
  readonly eventTime: Date;
  readonly value: number;
  readonly surpriseBits: number;
}

/** Selects the most surprising anomalies of a range that are due to a number. */
export const selectFeatureAnomalies = many<
  FeatureAnomalyRow,
  { detector: string; from: Date; to: Date; limit: number }
>(`
  SELECT top_feature AS feature, event_time AS "eventTime", (alert -> 'observed' ->> top_feature)::float8 AS value,
    surprise_bits AS "surpriseBits"
  FROM flowline.anomalies
  WHERE detector = :detector AND event_time >= :from AND event_time < :to
    AND jsonb_typeof(alert -> 'observed' -> top_feature) = 'number'
  ORDER BY ${orders.surprise} LIMIT :limit
`);

/** Selects one anomaly. */
export const selectAnomaly = maybe<AnomalyRow, { anomalyId: number }>(`
  SELECT ${columns} FROM flowline.v1_anomalies WHERE anomaly_id = :anomalyId
`);

/**
 * Selects the anomalies beyond an id and those within ranges of ids, oldest first: an id is taken
 * before its transaction commits, so that a later one may be visible earlier.
 */
export const selectNewAnomalies = many<
  AnomalyRow,
  { after: number; froms: readonly number[]; tos: readonly number[]; limit: number }
>(`
  SELECT * FROM (
    (SELECT ${columns} FROM flowline.v1_anomalies WHERE anomaly_id > :after ORDER BY anomaly_id LIMIT :limit)
    UNION ALL
    (SELECT ${columns} FROM unnest(:froms::bigint[], :tos::bigint[]) AS gap (low, high)
     JOIN flowline.v1_anomalies ON anomaly_id BETWEEN low AND high LIMIT :limit)) AS news
  ORDER BY "anomalyId"
`);

/** Selects the greatest id of an anomaly, 0 for none. */
export const selectLastAnomaly = one<{ anomalyId: number }>(`
  SELECT coalesce(max(anomaly_id), 0) AS "anomalyId" FROM flowline.anomalies
`);

/** Number of columns of {@link copyAnomalies}, and so of fields per row. */
export const ANOMALY_FIELDS = 21;

/** COPY statement for anomalies. */
export const copyAnomalies = `
  COPY flowline.anomalies (
    alert_id, detector, detector_version, model_version, topic, partition, "offset", event_id, event_time,
    reason, log_density_nats, p_value, p_method, surprise_bits, top_feature, summary, alert, deferred,
    rules, suppressed_by, excluded_from_training
  ) FROM STDIN (FORMAT binary)`;

/**
 * Deletes anomalies of a detector older than `keepDays`, at most `limit` per call, oldest first.
 */
export const expireAnomalies = one<{ removed: number }, { detector: string; keepDays: number; limit: number }>(`
  WITH removed AS (
    DELETE FROM flowline.anomalies WHERE anomaly_id IN (
      SELECT anomaly_id FROM flowline.anomalies
      WHERE detector = :detector AND scored_at < now() - make_interval(days => :keepDays::integer)
      ORDER BY scored_at LIMIT :limit)
    RETURNING 1)
  SELECT count(*)::integer AS removed FROM removed
`);

const deferredColumns = `
  anomaly_id AS "anomalyId", topic, reason, model_version AS "modelVersion", p_value AS "pValue", p_method AS "pMethod",
  surprise_bits AS "surpriseBits", alert -> 'observed' AS observed`;

/** Anomaly that waits for its explanation. */
export interface DeferredAnomalyRow {
  readonly anomalyId: number;
  readonly topic: string;
  readonly modelVersion: number;
  readonly pValue: number;
  readonly pMethod: PValueMethod;
  readonly reason: string;
  readonly surpriseBits: number;
  readonly observed: Readonly<Record<string, number | string | null>>;
}

/**
 * Claims the most surprising anomalies of a detector for whose explanation messages wait, until the
 * transaction ends. Those that another scorer has claimed are skipped.
 */
export const claimAwaited = many<DeferredAnomalyRow, { detector: string; limit: number }>(`
  WITH claimed AS (
    SELECT anomaly_id FROM flowline.anomalies
    WHERE detector = :detector AND deferred AND anomaly_id = ANY (ARRAY(
      SELECT awaits FROM flowline.alert_outbox
      WHERE detector = :detector AND awaits IS NOT NULL AND sent_at IS NULL AND dead_at IS NULL))
    ORDER BY surprise_bits DESC, log_density_nats, anomaly_id LIMIT :limit FOR UPDATE SKIP LOCKED
  )
  SELECT ${deferredColumns} FROM claimed JOIN flowline.anomalies USING (anomaly_id)
  ORDER BY model_version, anomaly_id
`);

/**
 * Claims the oldest anomalies of a detector that wait for their explanation, until the transaction
 * ends. Those that another scorer has claimed are skipped.
 */
export const claimDeferred = many<DeferredAnomalyRow, { detector: string; limit: number }>(`
  SELECT ${deferredColumns} FROM flowline.anomalies WHERE detector = :detector AND deferred
  ORDER BY anomaly_id LIMIT :limit FOR UPDATE SKIP LOCKED
`);

/**
 * Stores the explanation of an anomaly that waits for it, given as JSON, also with the alert that
 * shows this anomaly.
 */
export const storeExplanation = execute<{
  anomalyId: number;
  topFeature: string | null;
  summary: string;
  explanation: string;
}>(`
  WITH explained AS (
    UPDATE flowline.anomalies
    SET deferred = false, top_feature = :topFeature, summary = :summary, alert = alert || :explanation::jsonb
    WHERE anomaly_id = :anomalyId AND deferred
    RETURNING alert_id, alert -> 'event' AS event
  )
  UPDATE flowline.alerts SET peak = peak || :explanation::jsonb
  FROM explained WHERE alerts.alert_id = explained.alert_id AND alerts.peak -> 'event' = explained.event
`);

/** Counts the anomalies of a detector that wait for their explanation. */
export const countDeferred = one<{ waiting: number }, { detector: string }>(`
  SELECT count(*)::integer AS waiting FROM flowline.anomalies WHERE detector = :detector AND deferred
`);
