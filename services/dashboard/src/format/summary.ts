/** Summary of an anomaly without its bits, for lists that have a column of them. */
export const withoutBits = (summary: string): string =>
  summary.replace(/ \([\d.]+ bits; the event (at least )?[\d.]+\)$/, '');
