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
