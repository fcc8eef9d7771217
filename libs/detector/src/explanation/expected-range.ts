import type { ExpectedRange } from '@flowline/events';
import type { Dimension } from '@flowline/features';

import type { Conditional } from './conditionals.ts';

/**
 * Quantiles of a conditional in original units. Neither a count between two whole numbers can be
 * expected, nor a value beyond all training rows: the flow's own tails extend past a column that
 * ends, such as a humidity in percent.
 */
export function expectedRange(scored: Dimension, { median, p05, p95 }: Conditional): ExpectedRange {
  const valueOf = (encoded: number): number => {
    const value = scored.fromEncodedWithin(encoded);
    return scored.type === 'integer' ? Math.round(value) : value;
  };
  return { median: valueOf(median), p05: valueOf(p05), p95: valueOf(p95) };
}
