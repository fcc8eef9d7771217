/** The columns of {@link copyOutbox}: a row must hold as many fields. */
export const OUTBOX_FIELDS = 6;

/** Takes alerts to be sent. */
export const copyOutbox = `
  COPY flowline.alert_outbox (alert_id, detector, topic, key, headers, value) FROM STDIN (FORMAT binary)`;
