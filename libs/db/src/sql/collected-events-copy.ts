/** The columns of {@link copyCollectedEvents}: a row must hold as many fields. */
export const COLLECTED_EVENT_FIELDS = 12;

/** Takes events that came before the first model; the columns of the score stay null. */
export const copyCollectedEvents = `
  COPY flowline.scored_events (
    detector, detector_version, topic, partition, "offset", event_id, event_time, is_anomaly, in_sample, numeric_values, level_values,
    entity
  ) FROM STDIN (FORMAT binary)`;
