import type { Random } from '@flowline/flows';

import { valueAt } from '../sorted.ts';

/** Trees of a forest, and rows that each is grown from (Liu, Ting and Zhou 2008: 100 and 256). */
const [TREES, TREE_ROWS] = [200, 256];
const EULER = 0.5772156649015329;

/**
 * Isolation forest: how few random cuts part a row from the training rows (Liu, Ting and Zhou
 * 2008). Its memory is 12 bytes per node, of which a tree has at most 511.
 */
export class IsolationForest {
  /** First node of each tree; one more for the end. */
  readonly roots: Int32Array;
  /** Column that a node is cut at; −1 in a leaf. */
  readonly columns: Int32Array;
  /** Value of the cut; in a leaf, the length of the path to it. */
  readonly values: Float32Array;
  /** Node above the cut; the one below it follows the node itself. */
  readonly above: Int32Array;
  readonly width: number;

  /** @param nodes as {@link IsolationForest.grow} has made them. */
  constructor(width: number, nodes: Pick<IsolationForest, 'roots' | 'columns' | 'values' | 'above'>) {
    this.width = width;
    this.roots = nodes.roots;
    this.columns = nodes.columns;
    this.values = nodes.values;
    this.above = nodes.above;
  }

  /** Grows a forest from rows [n × width]. At least one row. */
  static grow(rows: Float32Array, width: number, random: Random): IsolationForest {
    const n = rows.length / width;
    const sample = Math.min(TREE_ROWS, n);
    const mostDepth = Math.ceil(Math.log2(Math.max(2, sample)));
    const nodes = new Nodes(rows, width, mostDepth, random);
    const roots = Int32Array.from({ length: TREES + 1 }, (_, tree) => {
      const root = nodes.size;
      if (tree < TREES) nodes.grow(random.permutation(n).subarray(0, sample), 0);
      return root;
    });
    return new IsolationForest(width, { roots, ...nodes.arrays() });
  }

  /**
   * Isolation of row `index` of `queries` [n × width]: minus the mean length of its paths, so that
   * larger is more isolated.
   */
  isolation(queries: Float32Array, index: number): number {
    const { roots, columns, values, above } = this;
    const from = index * this.width;
    let sum = 0;
    for (let tree = 0; tree < roots.length - 1; tree++) {
      let node = valueAt(roots, tree);
      let column = valueAt(columns, node);
      while (column >= 0) {
        node = valueAt(queries, from + column) <= valueAt(values, node) ? node + 1 : valueAt(above, node);
        column = valueAt(columns, node);
      }
      sum += valueAt(values, node);
    }
    return -sum / (roots.length - 1);
  }
}

/** Nodes of trees that grow, in the order in which a search meets them. */
class Nodes {
  readonly #rows: Float32Array;
  readonly #width: number;
  readonly #mostDepth: number;
  readonly #random: Random;
  readonly #columns: number[] = [];
  readonly #values: number[] = [];
  readonly #above: number[] = [];

  constructor(rows: Float32Array, width: number, mostDepth: number, random: Random) {
    this.#rows = rows;
    this.#width = width;
    this.#mostDepth = mostDepth;
    this.#random = random;
  }

  get size(): number {
    return this.#columns.length;
  }

  arrays(): Pick<IsolationForest, 'columns' | 'values' | 'above'> {
    return {
      columns: Int32Array.from(this.#columns),
      values: Float32Array.from(this.#values),
      above: Int32Array.from(this.#above),
    };
  }

  grow(members: Int32Array, depth: number): void {
    const node = this.size;
    this.#columns.push(-1);
    this.#values.push(depth + averagePath(members.length));
    this.#above.push(-1);
    if (depth === this.#mostDepth || members.length <= 1) return;
    const column = this.#varyingColumn(members);
    if (column === null) return;
    const value = (row: number): number => valueAt(this.#rows, row * this.#width + column);
    const [least, greatest] = rangeOf(members, value);
    // Below the greatest in float32, too, so that both parts have rows.
    const cut = Math.fround(least + this.#random.uniform() * (greatest - least));
    const at = cut < greatest ? cut : least;
    const below = members.filter((row) => value(row) <= at);
    this.#columns[node] = column;
    this.#values[node] = at;
    this.grow(below, depth + 1);
    this.#above[node] = this.size;
    this.grow(
      members.filter((row) => value(row) > at),
      depth + 1,
    );
  }

  /** One of the columns in which rows differ, each as likely; null if all rows are equal. */
  #varyingColumn(members: Int32Array): number | null {
    const order = this.#random.permutation(this.#width);
    for (const column of order) {
      const [least, greatest] = rangeOf(members, (row) => valueAt(this.#rows, row * this.#width + column));
      if (least < greatest) return column;
    }
    return null;
  }
}

function rangeOf(members: Int32Array, value: (row: number) => number): readonly [number, number] {
  let [least, greatest] = [Infinity, -Infinity];
  for (const row of members) {
    const own = value(row);
    if (own < least) least = own;
    if (own > greatest) greatest = own;
  }
  return [least, greatest];
}

/** Mean path of an unsuccessful search among so many rows of a binary tree. */
function averagePath(rows: number): number {
  if (rows <= 1) return 0;
  if (rows === 2) return 1;
  return 2 * (Math.log(rows - 1) + EULER) - (2 * (rows - 1)) / rows;
}
