import { poissonInterval } from './promise.ts';

/** Point of a QQ plot of p-values: both as −log10 p. */
export interface QqPoint {
  /** p-values at most as large as the observed one, for each event. */
  readonly events: number;
  readonly expected: number;
  readonly observed: number;
}

/** Range in which the observed value lies for 95 of 100 calibrated detectors. */
export interface QqBand {
  readonly x: number;
  readonly low: number;
  readonly high: number;
}

const LOG10_2 = Math.log10(2);
const BAND_STEPS = 60;

/**
 * Quantiles of p-values against those that are expected of as many calibrated ones, from counts by
 * whole bits: as many events as have at least b bits have p ≤ 2^−b.
 */
export function qqPoints(bits: readonly number[]): readonly QqPoint[] {
  const total = bits.reduce((sum, count) => sum + count, 0);
  let events = total;
  return bits.flatMap((count, bit) => {
    const point = { events, expected: -Math.log10(events / total), observed: bit * LOG10_2 };
    const isThere = events > 0;
    events -= count;
    // Without an event of its own, the next bit says the same more exactly.
    return isThere && (count > 0 || bit === 0) ? [point] : [];
  });
}

/**
 * Band of a QQ plot of so many p-values. The k-th smallest of n is nearly gamma distributed with
 * shape k and mean k / n, whose quantiles are those of Poisson intervals.
 */
export function qqBand(total: number): readonly QqBand[] {
  const longest = Math.log10(total);
  return Array.from({ length: BAND_STEPS + 1 }, (_, step) => {
    const rank = Math.max(1, Math.round(total * 10 ** ((-longest * step) / BAND_STEPS)));
    return {
      x: -Math.log10(rank / total),
      low: -Math.log10(Math.min(1, poissonInterval(rank - 1).high / total)),
      high: -Math.log10(poissonInterval(rank).low / total),
    };
  });
}
