import { at, type FeatureSpec } from '@flowline/events';
import type { FeatureTable } from '@flowline/features';
import { Random } from '@flowline/flows';

import type { SplitRows } from '../evaluate-detector.ts';
import type { Protocol } from '../protocols.ts';

/** A row of numbers; NaN is missing. */
export type Row = readonly number[];

/** Rows to train on, and rows to test on with their labels. */
export interface Planted {
  readonly train: readonly Row[];
  readonly normal: readonly Row[];
  readonly anomalies: readonly Row[];
}

/** Draws rows of one law. */
export type Law = (random: Random) => Row;

/**
 * Columns that depend on each other: a few hidden causes, seen through fixed random loadings, and
 * noise. A single cause for one column.
 */
export function dependent(columns: number, causes = Math.min(3, columns)): { readonly normal: Law; readonly odd: Law } {
  const fixed = new Random(97);
  const loadings = Array.from({ length: columns }, () => Array.from({ length: causes }, () => fixed.normal()));
  const mixed = (random: Random, noise: number): number[] => {
    const cause = Array.from({ length: causes }, () => random.normal());
    return loadings.map((own) => own.reduce((sum, l, i) => sum + l * at(cause, i), noise * random.normal()));
  };
  return {
    normal: (random) => mixed(random, 0.3),
    // The size of each value is usual; that they go together is not.
    odd: (random) =>
      columns === 1
        ? [(random.uniform() < 0.5 ? -4 : 4) * Math.hypot(at(at(loadings, 0), 0), 0.3)]
        : mixed(random, 0.8),
  };
}

/** Rows of a law, by a seed. */
export function drawn(law: Law, count: number, seed: number): Row[] {
  const random = new Random(seed);
  return Array.from({ length: count }, () => law(random));
}

/** Planted rows as a split, as evaluations take it. */
export function splitOf({ train, normal, anomalies }: Planted, protocol: Protocol, seed = 0): SplitRows {
  const rows = [...train, ...normal, ...anomalies];
  const indices = (from: number, count: number): Int32Array => Int32Array.from({ length: count }, (_, i) => from + i);
  const test = normal.length + anomalies.length;
  const labels = new Uint8Array(rows.length).fill(1, train.length + normal.length);
  return {
    ...{ schema: schemaOf(rows), table: tableOf(rows), labels, protocol },
    train: new Random(seed + 5).permutation(train.length),
    test: indices(train.length, test),
  };
}

function schemaOf(rows: readonly Row[]): FeatureSpec[] {
  return Array.from({ length: at(rows, 0).length }, (_, j) => ({
    ...{ name: `x${j}`, type: 'real' as const, from: `x${j}`, role: 'score' as const },
    ...{ nullable: rows.some((row) => Number.isNaN(at(row, j))), maxLevels: 64, period: null },
  }));
}

const tableOf = (rows: readonly Row[]): FeatureTable => {
  const numericWidth = at(rows, 0).length;
  const numeric = new Float64Array(rows.length * numericWidth);
  for (const [i, row] of rows.entries()) numeric.set(row, i * numericWidth);
  return { size: rows.length, numeric, numericWidth, levels: [], levelWidth: 0 };
};
