/** The columns of {@link copyDeadLetters}: a row must hold as many fields. */
export const DEAD_LETTER_FIELDS = 12;

/** Takes records that could not be scored. */
export const copyDeadLetters = `
  COPY flowline.dead_letters (
    detector, detector_version, topic, partition, "offset", reason, field, message, key, value, headers, record_time
  ) FROM STDIN (FORMAT binary)`;
