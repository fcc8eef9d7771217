/** Number of columns of {@link copyScoredEvents}, and so of fields per row. */
export const SCORED_EVENT_FIELDS = 16;

/** COPY statement for scored events. The server sets scored_at to the time of the transaction. */
export const copyScoredEvents = `
  COPY flowline.scored_events (
    detector, detector_version, model_version, topic, partition, "offset", event_id, event_time,
    log_density_nats, p_value, p_method, is_anomaly, in_sample, numeric_values, level_values, entity
  ) FROM STDIN (FORMAT binary)`;
