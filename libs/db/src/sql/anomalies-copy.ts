/** The columns of {@link copyAnomalies}: a row must hold as many fields. */
export const ANOMALY_FIELDS = 17;

/** Takes anomalies. */
export const copyAnomalies = `
  COPY flowline.anomalies (
    alert_id, detector, detector_version, model_version, topic, partition, "offset", event_id, event_time,
    reason, log_density_nats, p_value, p_method, surprise_bits, top_feature, summary, alert
  ) FROM STDIN (FORMAT binary)`;
