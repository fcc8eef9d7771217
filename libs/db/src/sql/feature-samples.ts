import { execute, many } from '../statement.ts';

/** Keeps a transaction from compiling its statements, which does not pay for few rows. */
export const disableJit = execute('SET LOCAL jit = off');

/** Stored event of a sample, with its numeric features. */
export interface FeatureSampleRow {
  readonly eventTime: Date;
  readonly detectorVersion: number;
  /** In the order of the detector version; null is missing. */
  readonly numbers: readonly (number | null)[];
}

interface Asked {
  readonly detector: string;
  readonly from: Date;
  /** Exclusive. */
  readonly to: Date;
  /** Parts of the range, as long as one another, in each of which one interval is looked into. */
  readonly parts: number;
  /** Maximum events per part. */
  readonly perPart: number;
}

/**
 * Selects events spread over a range, at the same cost however many are stored. Per part of the
 * range, an interval of the charts is found by its key, among those of the sources that scored
 * about then: their hours say when that was. The batch that changed it last was stored
 * at the time that the interval names, which leads to one day of events and a few blocks of it.
 */
export const selectFeatureSample = many<FeatureSampleRow, Asked>(`
  WITH looks AS (
    SELECT part, :from::timestamptz + part * step.length AS starts, :from::timestamptz + (part + 1) * step.length AS ends
    FROM (SELECT (:to::timestamptz - :from::timestamptz) / :parts::integer AS length) step,
      generate_series(0, :parts::integer - 1) AS part
  ), found AS (
    SELECT o.detector_version, o.model_version, o.topic, o.partition, i.starts_at, i.width_seconds, i.stored_at,
      row_number() OVER (PARTITION BY l.part ORDER BY hashint4(o.source_id + l.part)) AS place
    FROM flowline.score_sources o
    CROSS JOIN LATERAL (
      SELECT min(h.starts_at) AS first, max(h.starts_at) + interval '1 day' AS ends
      FROM flowline.score_hours h WHERE h.source_id = o.source_id) life
    JOIN looks l ON l.ends > life.first AND l.starts < life.ends
    CROSS JOIN LATERAL (
      SELECT s.starts_at, s.width_seconds, s.stored_at FROM flowline.score_summaries s
      WHERE s.source_id = o.source_id AND s.starts_at >= l.starts AND s.starts_at < l.ends
      ORDER BY s.starts_at LIMIT 1) i
    WHERE o.detector = :detector AND o.model_version IS NOT NULL
  )
  SELECT e.event_time AS "eventTime", f.detector_version AS "detectorVersion", e.numeric_values AS numbers
  FROM found f CROSS JOIN LATERAL (
    SELECT v.event_time, v.numeric_values FROM flowline.scored_events v
    WHERE v.scored_at = f.stored_at AND v.detector = :detector AND v.detector_version = f.detector_version
      AND v.model_version = f.model_version AND v.topic = f.topic AND v.partition = f.partition AND v.in_sample
      AND v.event_time >= f.starts_at AND v.event_time < f.starts_at + f.width_seconds * interval '1 second'
      AND v.event_time < :to
    LIMIT :perPart) e
  WHERE f.place = 1 ORDER BY e.event_time
`);
