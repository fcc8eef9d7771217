import type { Detector } from '@flowline/detector';
import { isDimension, tableColumns } from '@flowline/features';

import { quantileOf } from './quantile-of.ts';

/** Range of the values of a feature: their median, and the quantiles that 90 % lie between. */
export interface UsualRange {
  readonly p05: number;
  readonly median: number;
  readonly p95: number;
}

/** Events drawn from a model: the error of a quantile is a fiftieth of the spread. */
const SAMPLES = 1_000;
const SEED = 1;

const known = new WeakMap<Detector, ReadonlyMap<string, UsualRange>>();

/**
 * Ranges in which the model of a detector takes the values of each scored number for usual,
 * whatever the others are: those of events drawn from it, once per loaded model. A feature without
 * values among them has none.
 */
export async function usualRanges(detector: Detector, signal: AbortSignal): Promise<ReadonlyMap<string, UsualRange>> {
  const found = known.get(detector);
  if (found !== undefined) return found;
  const { schema } = detector.bundle;
  const table = await detector.sample({ count: SAMPLES, seed: SEED, given: {}, signal });
  const names = tableColumns(schema).numeric;
  const ranges = new Map<string, UsualRange>();
  for (const { name } of schema.filter(isDimension)) {
    const column = names.indexOf(name);
    const values = table.numeric.filter((value, i) => i % table.numericWidth === column && !Number.isNaN(value));
    const range = rangeOf(values);
    if (range !== null) ranges.set(name, range);
  }
  known.set(detector, ranges);
  return ranges;
}

/** Range of some values; null of none. */
export function rangeOf(values: Float64Array): UsualRange | null {
  if (values.length === 0) return null;
  const sorted = values.toSorted();
  return { p05: quantileOf(sorted, 0.05), median: quantileOf(sorted, 0.5), p95: quantileOf(sorted, 0.95) };
}
