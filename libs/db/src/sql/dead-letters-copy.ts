/** Number of columns of {@link copyDeadLetters}, and so of fields per row. */
export const DEAD_LETTER_FIELDS = 12;

/** COPY statement for records that could not be scored. */
export const copyDeadLetters = `
  COPY flowline.dead_letters (
    detector, detector_version, topic, partition, "offset", reason, field, message, key, value, headers, record_time
  ) FROM STDIN (FORMAT binary)`;
