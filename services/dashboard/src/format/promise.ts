/** Comparison of the alarms of a detector with the rate that it promises. */
export interface PromiseVerdict {
  readonly verdict: 'kept' | 'more' | 'fewer' | 'unknown';
  /** Measured by expected. */
  readonly ratio: number;
  /** Interval of the alarms, of which 95 of 100 would hold the true mean. */
  readonly low: number;
  readonly high: number;
}

/** Alarms to be expected below which nothing is said. */
export const ENOUGH_EXPECTED = 3;
/** Ratios that nobody would act upon, however sure they are. */
const [LEAST_RATIO, MOST_RATIO] = [0.8, 1.25];
const Z = 1.96;

/** Lower end for a count of 1, which is exact: with this mean, 2.5 of 100 counts are 1 or more. */
const LOW_OF_ONE = -Math.log(0.975);

/** Interval of a Poisson mean from a count (Byar's approximation, 1974), at 95 %. */
export function poissonInterval(count: number): { readonly low: number; readonly high: number } {
  const cube = (n: number, sign: 1 | -1): number => n * (1 - 1 / (9 * n) + (sign * Z) / (3 * Math.sqrt(n))) ** 3;
  const low = count === 0 ? 0 : count === 1 ? LOW_OF_ONE : Math.max(0, cube(count, -1));
  return { low, high: cube(count + 1, 1) };
}

/** Judges whether as many alarms came as were promised; `unknown` for too few events. */
export function judgePromise(measured: number, expected: number): PromiseVerdict {
  const { low, high } = poissonInterval(measured);
  const ratio = expected > 0 ? measured / expected : NaN;
  const isClose = ratio >= LEAST_RATIO && ratio <= MOST_RATIO;
  const isLikely = expected >= low && expected <= high;
  const verdict = expected < ENOUGH_EXPECTED ? 'unknown' : isClose || isLikely ? 'kept' : ratio > 1 ? 'more' : 'fewer';
  return { verdict, ratio, low, high };
}
