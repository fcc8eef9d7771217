import { at } from '@flowline/events';
import { Random } from '@flowline/flows';

import { type Matrix, rowOf } from '../matrix.ts';
import type { Baseline } from './baseline.ts';

const [TREES, SAMPLE_ROWS] = [50, 256];

/** Node of a random cut tree: a box with its mass, and the cut that divides it. */
interface Node {
  readonly mass: number;
  readonly least: Float64Array;
  readonly greatest: Float64Array;
  /** Σ (greatest − least). */
  readonly extent: number;
  readonly cut: { readonly column: number; readonly value: number; readonly below: Node; readonly above: Node } | null;
}

/**
 * Random cut forest (Guha et al., 2016): 50 trees of 256 rows, and the expected score of a row that
 * was inserted, as Amazon's library computes it.
 */
export const randomCutForest: Baseline = {
  name: 'random cut forest',
  fewestRows: 2,
  score({ train, test }, seed) {
    const random = new Random(seed);
    const sample = Math.min(SAMPLE_ROWS, train.rows);
    const trees = Array.from({ length: TREES }, () =>
      grow(train, Array.from(random.permutation(train.rows).subarray(0, sample)), random),
    );
    return Float64Array.from({ length: test.rows }, (_, row) => {
      const x = rowOf(test, row);
      return trees.reduce((sum, tree) => sum + scoreIn(tree, x, 0, tree.mass), 0) / TREES;
    });
  },
};

function grow(matrix: Matrix, rows: readonly number[], random: Random): Node {
  const least = new Float64Array(matrix.columns).fill(Infinity);
  const greatest = new Float64Array(matrix.columns).fill(-Infinity);
  for (const row of rows) {
    for (const [column, value] of rowOf(matrix, row).entries()) {
      if (value < at(least, column)) least[column] = value;
      if (value > at(greatest, column)) greatest[column] = value;
    }
  }
  const extent = greatest.reduce((sum, value, column) => sum + value - at(least, column), 0);
  const box = { mass: rows.length, least, greatest, extent };
  if (extent <= 0) return { ...box, cut: null };
  const { column, value } = drawnCut(box, random);
  const isBelow = (row: number): boolean => at(matrix.values, row * matrix.columns + column) <= value;
  const [below, above] = [rows.filter(isBelow), rows.filter((row) => !isBelow(row))];
  if (below.length === 0 || above.length === 0) return { ...box, cut: null };
  return { ...box, cut: { column, value, below: grow(matrix, below, random), above: grow(matrix, above, random) } };
}

/** A column drawn by its range, and a value within that. */
function drawnCut(
  { least, greatest, extent }: Omit<Node, 'cut'>,
  random: Random,
): { readonly column: number; readonly value: number } {
  let rest = random.uniform() * extent;
  for (let column = 0; column < least.length; column++) {
    const range = at(greatest, column) - at(least, column);
    if (rest < range) return { column, value: at(least, column) + rest };
    rest -= range;
  }
  const widest = greatest.reduce((best, value, j) => {
    return value - at(least, j) > at(greatest, best) - at(least, best) ? j : best;
  }, 0);
  return { column: widest, value: (at(least, widest) + at(greatest, widest)) / 2 };
}

/** Expected score over the cuts that could part x from the box of a node. */
function scoreIn(node: Node, x: Float64Array, depth: number, total: number): number {
  let beyond = 0;
  for (let column = 0; column < x.length; column++) {
    const value = at(x, column);
    beyond += Math.max(0, at(node.least, column) - value, value - at(node.greatest, column));
  }
  const parted = beyond === 0 ? 0 : beyond / (node.extent + beyond);
  const unseen = (1 / (depth + 1)) * Math.log2(total + 1);
  if (parted >= 1) return unseen;
  if (node.cut === null) return parted * unseen + (1 - parted) * seen(node.mass, depth, total);
  const next = at(x, node.cut.column) <= node.cut.value ? node.cut.below : node.cut.above;
  return parted * unseen + (1 - parted) * scoreIn(next, x, depth + 1, total);
}

/** Score of a row equal to those of a leaf, the less the more there are. */
const seen = (mass: number, depth: number, total: number): number =>
  (1 - mass / (2 * total)) * (1 / (depth + Math.log2(mass + 1))) * Math.log2(total + 1);
