import type { PValueMethod } from '@flowline/events';

import { selectWhere } from '../select-where.ts';
import { one } from '../statement.ts';

/** Number of columns of {@link copyEventScores}, and so of fields per row. */
export const EVENT_SCORE_FIELDS = 13;

/** COPY statement for stored events. The server sets scored_at to the time of the transaction. */
export const copyEventScores = `
  COPY flowline.event_scores (
    source_id, "offset", event_id, event_time, flags, exact_log_density, exact_p_value, log_density, p_value,
    exact_values, numeric_values, level_values, entity
  ) FROM STDIN (FORMAT binary)`;

/** Selects the id of a source of events, which is created if it is new. */
export const selectScoreSource = one<
  { sourceId: number },
  { detector: string; detectorVersion: number; modelVersion: number | null; topic: string; partition: number }
>(`
  SELECT flowline.score_source(:detector, :detectorVersion, :modelVersion, :topic, :partition) AS "sourceId"
`);

/** Deletes the stored events of a detector and counts them. */
export const deleteScoredEvents = one<{ removed: number }, { detector: string }>(`
  SELECT flowline.delete_scored_events(:detector) AS removed
`);

/** Counts the stored events of some versions of a detector, up to `limit`. */
export const countStoredEvents = one<
  { events: number },
  { detector: string; versions: readonly number[]; limit: number }
>(`
  SELECT count(*)::integer AS events FROM (
    SELECT 1 FROM flowline.scored_events
    WHERE detector = :detector AND detector_version = ANY(:versions::integer[]) AND in_sample LIMIT :limit) AS counted
`);

/** Creates the missing partitions of event_scores, from yesterday on. */
export const ensureScoredPartitions = one<{ created: number }, { days: number }>(`
  SELECT flowline.ensure_partitions((now() AT TIME ZONE 'UTC')::date - 1, :days) AS created
`);

/**
 * Drops the oldest partition of stored events whose day ended at least `keepDays` days ago (UTC);
 * null if there is none.
 */
export const dropScoredPartition = one<{ dropped: string | null }, { keepDays: number }>(`
  SELECT flowline.drop_partition_before((now() AT TIME ZONE 'UTC')::date - :keepDays::integer) AS dropped
`);

/** Summarises the block ranges of a day before today (UTC) that lack it, and counts them. */
export const summariseScoredDay = one<{ ranges: number }, { daysAgo: number }>(`
  SELECT flowline.summarise_day((now() AT TIME ZONE 'UTC')::date - :daysAgo::integer) AS ranges
`);

/** Stored event with its score, if it has one. */
export interface ScoreRow {
  readonly detector: string;
  readonly detectorVersion: number;
  /** Null for an event from before the first model, which has no score. */
  readonly modelVersion: number | null;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly eventId: string;
  readonly eventTime: Date;
  readonly scoredAt: Date;
  readonly entity: string | null;
  readonly logDensityNats: number | null;
  readonly pValue: number | null;
  readonly pMethod: PValueMethod | null;
  readonly isAnomaly: boolean;
  /** Event time to the microsecond, as Postgres writes it. */
  readonly exactTime: string;
}

/** Conditions on stored events. */
export interface ScoreConditions {
  readonly detector: string;
  readonly entity: string;
  /** Earliest event time, inclusive. */
  readonly from: Date;
  /** Latest event time, exclusive. */
  readonly to: Date;
  /** Position of the last row of the previous page. */
  readonly afterTime: string;
  readonly afterTopic: string;
  readonly afterPartition: number;
  readonly afterOffset: number;
}

/** Selects stored events, the latest first. */
export const selectScores = selectWhere<ScoreRow, ScoreConditions>(
  {
    detector: 'detector = :detector',
    entity: 'entity = :entity',
    from: 'event_time >= :from',
    to: 'event_time < :to',
    afterTime: 'event_time <= :afterTime::timestamptz',
    afterTopic: 'true',
    afterPartition: 'true',
    afterOffset: `(event_time, topic, partition, "offset")
      < (:afterTime::timestamptz, :afterTopic::text, :afterPartition::integer, :afterOffset::bigint)`,
  },
  (where) => `
    SELECT detector, detector_version AS "detectorVersion", model_version AS "modelVersion", topic, partition, "offset",
      event_id AS "eventId", event_time AS "eventTime", scored_at AS "scoredAt", entity,
      log_density_nats AS "logDensityNats", p_value AS "pValue", p_method AS "pMethod", is_anomaly AS "isAnomaly",
      event_time::text AS "exactTime"
    FROM flowline.scored_events ${where}
    ORDER BY event_time DESC, topic DESC, partition DESC, "offset" DESC LIMIT :limit`,
);
