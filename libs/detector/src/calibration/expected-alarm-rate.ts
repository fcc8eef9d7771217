/** Shares of the calibration rows that were left out of calibration. */
export interface LeftOutShares {
  /** Share with zero density, of all rows. */
  readonly undefinedShare: number;
  /** Share of outliers, of the rows with a density. */
  readonly trimmedShare: number;
}

/**
 * Share of events that raise an alarm whatever α is: those like the rows left out of calibration.
 */
export const alwaysAlarmRate = ({ undefinedShare, trimmedShare }: LeftOutShares): number =>
  undefinedShare + (1 - undefinedShare) * trimmedShare;

/** Share of events that raise an alarm, if `rate` of the events like those calibrated on do. */
export function expectedAlarmRate(shares: LeftOutShares, rate: number): number {
  const always = alwaysAlarmRate(shares);
  return always + (1 - always) * rate;
}
