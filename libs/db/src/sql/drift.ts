import { execute, many, maybe, one } from '../statement.ts';

interface OfModel {
  readonly detector: string;
  readonly modelVersion: number;
}

/**
 * Selects the UTC days before today, at most 31, on which a model scored and that were not checked
 * for drift. A day ends ten minutes late: its last transactions may still be open at midnight.
 */
export const selectUncheckedDays = many<{ day: string; events: number }, OfModel>(`
  SELECT c.day::text AS day, sum(c.events)::bigint AS events FROM flowline.event_counts c
  WHERE c.detector = :detector AND c.model_version = :modelVersion
    AND c.day < ((now() - interval '10 minutes') AT TIME ZONE 'UTC')::date
    AND c.day >= (now() AT TIME ZONE 'UTC')::date - 31
    AND NOT EXISTS (SELECT FROM flowline.drift_days d
                    WHERE d.detector = c.detector AND d.model_version = c.model_version AND d.day = c.day)
  GROUP BY c.day ORDER BY c.day
`);

/** Selects the histograms of a model's first days that have values, before a day. */
export const selectReferenceDays = many<{ histogram: number[] }, OfModel & { day: string; days: number }>(`
  SELECT histogram FROM flowline.drift_days
  WHERE detector = :detector AND model_version = :modelVersion AND day < :day::date AND compared > 0
  ORDER BY day LIMIT :days
`);

/**
 * Selects p-values that a model gave to the events of a UTC day: a random share of those that are
 * in the sample of stored events, in the order of the stream.
 */
export const selectPValuesOfDay = many<{ pValue: number }, OfModel & { day: string; share: number }>(`
  SELECT p_value AS "pValue" FROM flowline.scored_events
  WHERE detector = :detector AND model_version = :modelVersion AND in_sample
    AND scored_at >= :day::date::timestamp AT TIME ZONE 'UTC'
    AND scored_at < (:day::date + 1)::timestamp AT TIME ZONE 'UTC'
    AND (hashint8("offset") & 1048575) < :share::float8 * 1048576
  ORDER BY topic, partition, "offset"
`);

/**
 * Selects a random share of the events of a UTC day that are in the sample, as a model read them,
 * in the order of the stream.
 */
export const selectRowsOfDay = many<
  { numbers: (number | null)[]; levels: (string | null)[] },
  OfModel & { day: string; share: number }
>(`
  SELECT numeric_values AS numbers, level_values AS levels FROM flowline.scored_events
  WHERE detector = :detector AND model_version = :modelVersion AND in_sample
    AND scored_at >= :day::date::timestamp AT TIME ZONE 'UTC'
    AND scored_at < (:day::date + 1)::timestamp AT TIME ZONE 'UTC'
    AND (hashint8("offset") & 1048575) < :share::float8 * 1048576
  ORDER BY topic, partition, "offset"
`);

/** Row of {@link selectReferenceFeatures}. */
export interface ReferenceFeatureRow {
  readonly feature: string;
  readonly pit: 'conditional' | 'marginal';
  readonly compared: number;
  readonly histogram: number[];
  readonly meanPit: number | null;
  readonly missingShare: number;
}

/**
 * Selects the features of a model's first days on which they were compared, before a day, per kind
 * of PIT.
 */
export const selectReferenceFeatures = many<ReferenceFeatureRow, OfModel & { day: string; days: number }>(`
  SELECT f.feature, f.pit, f.compared, f.histogram, f.mean_pit AS "meanPit", f.missing_share AS "missingShare"
  FROM (VALUES ('conditional'), ('marginal')) AS kinds (pit)
    CROSS JOIN LATERAL (
      SELECT DISTINCT d.day FROM flowline.drift_features d
      WHERE d.detector = :detector AND d.model_version = :modelVersion AND d.day < :day::date AND d.pit = kinds.pit
        AND d.compared > 0
      ORDER BY d.day LIMIT :days) AS first_days
    JOIN flowline.drift_features f ON f.detector = :detector AND f.model_version = :modelVersion
      AND f.day = first_days.day AND f.pit = kinds.pit AND f.compared > 0
  ORDER BY f.day, f.feature, f.pit
`);

/** Stores the features of a day: a JSON list of rows. */
export const insertDriftFeatures = execute<OfModel & { day: string; features: string }>(`
  INSERT INTO flowline.drift_features (detector, model_version, day, feature, pit, place, compared, stride, evidence,
    drifted, change, distance, mean_pit, missing_share, histogram)
  SELECT :detector, :modelVersion, :day::date, f.feature, f.pit, f.place, f.compared, f.stride, f.evidence,
    f.drifted, f.change, f.distance, f."meanPit", f."missingShare", f.histogram
  FROM jsonb_to_recordset(:features::jsonb) AS f (feature text, pit text, place integer, compared integer, stride integer,
    evidence double precision, drifted boolean, change text, distance double precision, "meanPit" double precision,
    "missingShare" double precision, histogram integer[])
`);

/** Stores the check of a day. No row if it is stored already. */
export const insertDriftDay = maybe<
  { day: string },
  OfModel & {
    day: string;
    events: number;
    compared: number;
    stride: number;
    referenceDays: number;
    evidence: number;
    drifted: boolean;
    histogram: readonly number[];
  }
>(`
  INSERT INTO flowline.drift_days (detector, model_version, day, events, compared, stride, reference_days, evidence,
    drifted, histogram)
  VALUES (:detector, :modelVersion, :day::date, :events, :compared, :stride, :referenceDays, :evidence,
    :drifted, :histogram::integer[])
  ON CONFLICT DO NOTHING RETURNING day::text AS day
`);

/** Counts the events that models have scored since the last training of a detector began. */
export const countEventsSinceTraining = one<{ events: number }, { detector: string }>(`
  SELECT coalesce((SELECT sum(events) FROM flowline.event_counts WHERE detector = :detector), 0)::bigint
    - coalesce((SELECT events_scored FROM flowline.training_runs
                WHERE detector = :detector AND kind = 'training' AND events_scored IS NOT NULL ORDER BY started_at DESC LIMIT 1), 0) AS events
`);

/** Checked day of a model, with its features per kind of PIT, those that have drifted first. */
export interface DriftDayRow {
  readonly detector: string;
  readonly modelVersion: number;
  /** Such as `2026-11-27`. */
  readonly day: string;
  readonly events: number;
  readonly compared: number;
  readonly referenceDays: number;
  /** Decimal logarithm. */
  readonly evidence: number;
  readonly drifted: boolean;
  readonly checkedAt: Date;
  readonly features: readonly {
    readonly feature: string;
    readonly pit: 'conditional' | 'marginal';
    readonly drifted: boolean;
    readonly change: string | null;
    readonly evidence: number;
    readonly distance: number;
    readonly compared: number;
    readonly meanPit: number | null;
    readonly missingShare: number;
  }[];
}

/** Selects checked days of a detector, those of the newest model and the newest days first. */
export const selectDriftDays = many<
  DriftDayRow,
  {
    detector: string;
    modelVersion: number | null;
    beforeModel: number | null;
    beforeDay: string | null;
    limit: number;
  }
>(`
  SELECT d.detector, d.model_version AS "modelVersion", d.day::text AS day, d.events, d.compared,
    d.reference_days AS "referenceDays", d.evidence, d.drifted, d.checked_at AS "checkedAt",
    coalesce((SELECT jsonb_agg(jsonb_build_object('feature', f.feature, 'pit', f.pit, 'drifted', f.drifted, 'change', f.change,
        'evidence', f.evidence, 'distance', f.distance, 'compared', f.compared, 'meanPit', f.mean_pit,
        'missingShare', f.missing_share) ORDER BY f.place)
      FROM flowline.v1_drift_features f
      WHERE f.detector = d.detector AND f.model_version = d.model_version AND f.day = d.day), '[]') AS features
  FROM flowline.v1_drift_daily d
  WHERE d.detector = :detector AND (:modelVersion::integer IS NULL OR d.model_version = :modelVersion)
    AND (:beforeModel::integer IS NULL OR (d.model_version, d.day) < (:beforeModel, :beforeDay::date))
  ORDER BY d.model_version DESC, d.day DESC LIMIT :limit
`);

/**
 * True if the champion of a detector is as old as an interval, and so is its last recalibration,
 * whatever came of it. False without a champion.
 */
export const selectRecalibrationDue = one<{ due: boolean }, { detector: string; everyMs: number }>(`
  SELECT EXISTS (
      SELECT FROM flowline.model_aliases a JOIN flowline.model_versions m USING (detector, version)
      WHERE a.detector = :detector AND a.alias = 'champion'
        AND m.created_at <= now() - :everyMs::float8 * interval '1 ms')
    AND NOT EXISTS (
      SELECT FROM flowline.training_runs r WHERE r.detector = :detector AND r.kind = 'recalibration'
        AND coalesce(r.requested_at, r.started_at) > now() - :everyMs::float8 * interval '1 ms') AS due
`);
