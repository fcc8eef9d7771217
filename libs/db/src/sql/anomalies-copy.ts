/** Number of columns of {@link copyAnomalies}, and so of fields per row. */
export const ANOMALY_FIELDS = 17;

/** COPY statement for anomalies. */
export const copyAnomalies = `
  COPY flowline.anomalies (
    alert_id, detector, detector_version, model_version, topic, partition, "offset", event_id, event_time,
    reason, log_density_nats, p_value, p_method, surprise_bits, top_feature, summary, alert
  ) FROM STDIN (FORMAT binary)`;
