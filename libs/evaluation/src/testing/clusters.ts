import { at } from '@flowline/events';
import type { FeatureTable } from '@flowline/features';

import { baselineRows, type BaselineRows } from '../matrix.ts';

/** Table of numbers. */
export const tableOf = (rows: readonly (readonly number[])[]): FeatureTable => ({
  size: rows.length,
  numeric: Float64Array.from(rows.flat()),
  numericWidth: at(rows, 0).length,
  levels: [],
  levelWidth: 0,
});

/** Two clusters to train on; the test has rows of both, and ten far rows. */
export function clusters(): { readonly sample: BaselineRows; readonly labels: Uint8Array } {
  let state = 1;
  const uniform = (): number => (state = (state * 48271) % 2147483647) / 2147483647;
  const near = (): number[] => {
    const centre = uniform() < 0.5 ? -3 : 3;
    return Array.from({ length: 4 }, () => centre + uniform() + uniform() - 1);
  };
  const far = (): number[] => Array.from({ length: 4 }, (_, j) => (j % 2 === 0 ? 9 : -9) + uniform());
  const test = [...Array.from({ length: 60 }, near), ...Array.from({ length: 10 }, far)];
  const sample = baselineRows([], tableOf(Array.from({ length: 300 }, near)), tableOf(test));
  return { sample, labels: Uint8Array.from(test, (_, i) => (i < 60 ? 0 : 1)) };
}
