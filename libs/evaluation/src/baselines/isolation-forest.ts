import { at } from '@flowline/events';
import { Random } from '@flowline/flows';

import { type Matrix, rowOf } from '../matrix.ts';
import type { Baseline } from './baseline.ts';

const [TREES, SAMPLE_ROWS] = [100, 256];
const EULER = 0.5772156649015329;

type Node =
  | { readonly rows: number }
  | { readonly column: number; readonly cut: number; readonly below: Node; readonly above: Node };

/** Isolation forest (Liu, Ting and Zhou, 2008): 100 trees of 256 rows. */
export const isolationForest: Baseline = {
  name: 'isolation forest',
  fewestRows: 2,
  score({ train, test }, seed) {
    const random = new Random(seed);
    const sample = Math.min(SAMPLE_ROWS, train.rows);
    const mostDepth = Math.ceil(Math.log2(Math.max(2, sample)));
    const trees = Array.from({ length: TREES }, () => {
      const rows = random.permutation(train.rows).subarray(0, sample);
      return grow(train, Array.from(rows), mostDepth, random);
    });
    const usual = averagePath(sample);
    return Float64Array.from({ length: test.rows }, (_, row) => {
      const x = rowOf(test, row);
      const depth = trees.reduce((sum, tree) => sum + pathLength(tree, x), 0) / TREES;
      return 2 ** (-depth / usual);
    });
  },
};

function grow(matrix: Matrix, rows: readonly number[], depthLeft: number, random: Random): Node {
  if (depthLeft === 0 || rows.length <= 1) return { rows: rows.length };
  const ranges = rangesOf(matrix, rows);
  const varying = ranges.flatMap(([least, greatest], column) => (least < greatest ? [column] : []));
  if (varying.length === 0) return { rows: rows.length };
  const column = at(varying, Math.floor(random.uniform() * varying.length));
  const [least, greatest] = at(ranges, column);
  const cut = least + random.uniform() * (greatest - least);
  const isBelow = (row: number): boolean => at(matrix.values, row * matrix.columns + column) <= cut;
  return {
    ...{ column, cut },
    below: grow(matrix, rows.filter(isBelow), depthLeft - 1, random),
    above: grow(
      matrix,
      rows.filter((row) => !isBelow(row)),
      depthLeft - 1,
      random,
    ),
  };
}

/** Least and greatest value of each column. */
function rangesOf({ values, columns }: Matrix, rows: readonly number[]): (readonly [number, number])[] {
  return Array.from({ length: columns }, (_, column) => {
    let [least, greatest] = [Infinity, -Infinity];
    for (const row of rows) {
      const value = at(values, row * columns + column);
      if (value < least) least = value;
      if (value > greatest) greatest = value;
    }
    return [least, greatest] as const;
  });
}

function pathLength(tree: Node, x: Float64Array): number {
  let node = tree;
  let depth = 0;
  while ('column' in node) {
    node = at(x, node.column) <= node.cut ? node.below : node.above;
    depth++;
  }
  return depth + averagePath(node.rows);
}

/** Mean path of an unsuccessful search among so many rows of a binary tree. */
function averagePath(rows: number): number {
  if (rows <= 1) return 0;
  if (rows === 2) return 1;
  return 2 * (Math.log(rows - 1) + EULER) - (2 * (rows - 1)) / rows;
}
