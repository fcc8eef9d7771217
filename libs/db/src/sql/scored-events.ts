import { one } from '../statement.ts';

/** Number of columns of {@link copyScoredEvents}, and so of fields per row. */
export const SCORED_EVENT_FIELDS = 16;

/** COPY statement for scored events. The server sets scored_at to the time of the transaction. */
export const copyScoredEvents = `
  COPY flowline.scored_events (
    detector, detector_version, model_version, topic, partition, "offset", event_id, event_time,
    log_density_nats, p_value, p_method, is_anomaly, in_sample, numeric_values, level_values, entity
  ) FROM STDIN (FORMAT binary)`;

/** Number of columns of {@link copyCollectedEvents}, and so of fields per row. */
export const COLLECTED_EVENT_FIELDS = 12;

/** COPY statement for events received before the first model; their score columns stay null. */
export const copyCollectedEvents = `
  COPY flowline.scored_events (
    detector, detector_version, topic, partition, "offset", event_id, event_time, is_anomaly, in_sample,
    numeric_values, level_values, entity
  ) FROM STDIN (FORMAT binary)`;

/** Counts the stored events of some versions of a detector, up to `limit`. */
export const countStoredEvents = one<
  { events: number },
  { detector: string; versions: readonly number[]; limit: number }
>(`
  SELECT count(*)::integer AS events FROM (
    SELECT 1 FROM flowline.scored_events
    WHERE detector = :detector AND detector_version = ANY(:versions::integer[]) AND in_sample LIMIT :limit) AS counted
`);

/** Creates the missing partitions of scored_events, from yesterday on. */
export const ensureScoredPartitions = one<{ created: number }, { days: number }>(`
  SELECT flowline.ensure_partitions((now() AT TIME ZONE 'UTC')::date - 1, :days) AS created
`);

/**
 * Drops the oldest partition of scored_events whose day ended at least `keepDays` days ago (UTC);
 * null if there is none.
 */
export const dropScoredPartition = one<{ dropped: string | null }, { keepDays: number }>(`
  SELECT flowline.drop_partition_before((now() AT TIME ZONE 'UTC')::date - :keepDays::integer) AS dropped
`);
