import { betaCdf } from './beta.ts';
import { countMarked } from '../marked.ts';
import type { RateInterval } from './alpha.ts';

/**
 * Verdict on measured alarms. `inside`, `above` or `below` the expected range; `unclear` if they
 * are outside but come in bursts, so that chance may explain it; `untested` without test rows or
 * without an expected range.
 */
export type AlarmVerdict = 'inside' | 'above' | 'below' | 'unclear' | 'untested';

/** Alarms on test rows in time order, and their expected rate. */
export interface MeasuredAlarms {
  /** 1 for each test row that raises an alarm. */
  readonly alarmed: Uint8Array;
  /** Range of the expected rate per event; null if there is none. */
  readonly interval: RateInterval | null;
}

const LEVEL = 0.01;
const BATCHES = 20;

/**
 * Tests measured alarms by a binomial test at both ends of the expected range, each at the 1 %
 * level. Alarms in bursts carry less evidence than their number suggests, so the test is repeated
 * with rows and alarms divided by the design effect. A deviation that only the undivided numbers
 * show is `unclear`, never `inside`.
 */
export function alarmVerdict({ alarmed, interval }: MeasuredAlarms): AlarmVerdict {
  if (interval === null || alarmed.length === 0) return 'untested';
  const alarms = countMarked(alarmed);
  const [verdict, effect] = [binomialVerdict(alarmed.length, alarms, interval), designEffect(alarmed)];
  return verdict === 'inside' || verdict === binomialVerdict(alarmed.length / effect, alarms / effect, interval)
    ? verdict
    : 'unclear';
}

function binomialVerdict(n: number, k: number, interval: RateInterval): 'inside' | 'above' | 'below' {
  // P(Bin(n, p) ≥ k) = I_p(k, n − k + 1), P(Bin(n, p) ≤ k) = 1 − I_p(k + 1, n − k). Both extend to
  // fractional n and k.
  if (k > 0 && interval.high < 1 && betaCdf(interval.high, k, n - k + 1) < LEVEL) return 'above';
  if (k < n && interval.low > 0 && 1 - betaCdf(interval.low, k + 1, n - k) < LEVEL) return 'below';
  return 'inside';
}

/**
 * Variance of the mean of an indicator relative to that of independent draws, from the means of 20
 * batches (Geyer 1992); at least 1. A series of n consecutive events is worth n / effect
 * independent ones.
 */
export function designEffect(indicator: Uint8Array): number {
  const size = Math.floor(indicator.length / BATCHES);
  const rate = countMarked(indicator) / Math.max(1, indicator.length);
  if (size < 2 || rate === 0 || rate === 1) return 1;
  const means = Array.from({ length: BATCHES }, (_, batch) => {
    return countMarked(indicator.subarray(batch * size, (batch + 1) * size)) / size;
  });
  const centre = means.reduce((sum, mean) => sum + mean / BATCHES, 0);
  const variance = means.reduce((sum, mean) => sum + (mean - centre) ** 2 / (BATCHES - 1), 0);
  return Math.max(1, (variance * size) / (rate * (1 - rate)));
}
