/** Number of columns of {@link copyCollectedEvents}, and so of fields per row. */
export const COLLECTED_EVENT_FIELDS = 12;

/** COPY statement for events received before the first model; their score columns stay null. */
export const copyCollectedEvents = `
  COPY flowline.scored_events (
    detector, detector_version, topic, partition, "offset", event_id, event_time, is_anomaly, in_sample, numeric_values, level_values,
    entity
  ) FROM STDIN (FORMAT binary)`;
