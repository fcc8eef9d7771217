import { statement } from '../statement.ts';

/** Anomaly as users read it. */
export interface AnomalyRow {
  readonly anomalyId: number;
  readonly alertId: string;
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
  readonly expected: Readonly<Record<string, { readonly median: number; readonly p05: number; readonly p95: number }>>;
  readonly contributions: readonly { readonly feature: string; readonly bits: number; readonly direction: string }[];
  readonly nearestNormal: Readonly<Record<string, number | string | null>> | null;
}

const columns = `
  anomaly_id AS "anomalyId", alert_id AS "alertId", detector, detector_version AS "detectorVersion",
  model_version AS "modelVersion", topic, partition, "offset", event_id AS "eventId", event_time AS "eventTime", entity,
  scored_at AS "scoredAt", reason, log_density_nats AS "logDensityNats", p_value AS "pValue", p_method AS "pMethod",
  surprise_bits AS "surpriseBits", top_feature AS "topFeature", summary, observed, expected, contributions,
  nearest_normal AS "nearestNormal"`;

/**
 * Selects anomalies with event time in [from, to), latest first, after the last row of the previous
 * page. A null parameter lifts its condition.
 */
export const selectAnomalies = statement<
  [
    detector: string | null,
    from: Date | null,
    to: Date | null,
    maxPValue: number | null,
    afterTime: Date | null,
    afterId: number | null,
    limit: number,
  ],
  AnomalyRow
>(`
  SELECT ${columns} FROM flowline.v1_anomalies
  WHERE ($1::text IS NULL OR detector = $1)
    AND ($2::timestamptz IS NULL OR event_time >= $2) AND ($3::timestamptz IS NULL OR event_time < $3)
    AND ($4::float8 IS NULL OR p_value <= $4)
    AND ($5::timestamptz IS NULL OR (event_time, anomaly_id) < ($5, $6::bigint))
  ORDER BY event_time DESC, anomaly_id DESC LIMIT $7
`);

/** Selects anomalies, most surprising first. */
export const selectMostSurprising = statement<
  [detector: string | null, from: Date | null, to: Date | null, limit: number],
  AnomalyRow
>(`
  SELECT ${columns} FROM flowline.v1_anomalies
  WHERE ($1::text IS NULL OR detector = $1)
    AND ($2::timestamptz IS NULL OR event_time >= $2) AND ($3::timestamptz IS NULL OR event_time < $3)
  ORDER BY surprise_bits DESC, log_density_nats, anomaly_id LIMIT $4
`);
