import type { ExpectedRange } from '@flowline/events';
import type { Dimension } from '@flowline/features';

import type { Conditional } from './conditionals.ts';

/**
 * Quantiles of a conditional in original units, and its ranges if there are several. Neither a
 * count between two whole numbers can be expected, nor a value beyond all training rows: the flow's
 * own tails extend past a column that ends, such as a humidity in percent.
 */
export function expectedRange(scored: Dimension, { median, p05, p95, ranges }: Conditional): ExpectedRange {
  const valueOf = (encoded: number): number => {
    const value = scored.fromEncodedWithin(encoded);
    return scored.type === 'integer' ? Math.round(value) : value;
  };
  const quantiles = { median: valueOf(median), p05: valueOf(p05), p95: valueOf(p95) };
  const own = (ranges ?? []).map(({ from, to }) => ({ low: valueOf(from), high: valueOf(to) }));
  const apart = scored.type === 'integer' ? joined(own) : own;
  return apart.length < 2 ? quantiles : { ...quantiles, ranges: apart };
}

/** Joins ranges of whole numbers without one between them. */
function joined(ranges: readonly { low: number; high: number }[]): { low: number; high: number }[] {
  const found: { low: number; high: number }[] = [];
  for (const range of ranges) {
    const last = found.at(-1);
    if (last !== undefined && range.low <= last.high + 1) last.high = Math.max(last.high, range.high);
    else found.push({ ...range });
  }
  return found;
}
