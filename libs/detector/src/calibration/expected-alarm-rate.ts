/** Shares of the calibration rows that were left out of calibration. */
export interface LeftOutShares {
  /** Share with zero density, of all rows. */
  readonly undefinedShare: number;
  /** Share of outliers, of the rows with a density. */
  readonly trimmedShare: number;
}

/**
 * Share of events that raise an alarm, if `rate` of the events like those calibrated on do: events
 * like the rows left out of calibration always raise one.
 */
export function expectedAlarmRate({ undefinedShare, trimmedShare }: LeftOutShares, rate: number): number {
  const always = undefinedShare + (1 - undefinedShare) * trimmedShare;
  return always + (1 - always) * rate;
}
