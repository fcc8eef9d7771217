import { valueAt } from '../sorted.ts';

/** Rows of a leaf, whose distances are computed one by one. */
const LEAF_ROWS = 16;

/** Rows [start, end) of a tree, parted at a value of a dimension; a leaf has no dimension. */
interface Node {
  readonly start: number;
  readonly end: number;
  readonly dimension: number;
  readonly at: number;
  /** Index of the part below the value, and of the one from it on. */
  readonly below: number;
  readonly above: number;
}

/**
 * Finds the distance to the nearest of a set of rows, exactly, by a k-d tree (Bentley 1975). Its
 * memory is that of the rows and 48 bytes per 8 of them.
 */
export class NearestRows {
  readonly width: number;
  /** [size × width] The rows, in the order of the tree. */
  readonly rows: Float32Array;
  readonly #nodes: Node[] = [];
  /** Squared distance at which the current search ends. */
  #nearEnough = 0;
  /** True until the current search has met the row that is its own. */
  #isOwnAhead = false;

  /** @param rows [size × width] row-major; not changed. At least one row. */
  constructor(rows: Float32Array, width: number) {
    this.width = width;
    const order = Int32Array.from({ length: rows.length / width }, (_, row) => row);
    this.#part(rows, order, 0, order.length);
    this.rows = new Float32Array(rows.length);
    order.forEach((row, place) => this.rows.set(rows.subarray(row * width, (row + 1) * width), place * width));
  }

  /**
   * Euclidean distance of row `index` of `queries` [n × width] to the nearest row, or `nearEnough`
   * if that is more: the search ends at any row within it.
   * @param isOwn true if the row is itself one of the rows, and is to be compared with the others.
   */
  distance(queries: Float32Array, index: number, nearEnough = 0, isOwn = false): number {
    this.#nearEnough = Math.max(0, nearEnough) ** 2;
    this.#isOwnAhead = isOwn;
    return Math.max(nearEnough, Math.sqrt(this.#nearest(0, queries, index * this.width, Infinity)));
  }

  #part(rows: Float32Array, order: Int32Array, start: number, end: number): number {
    const index = this.#nodes.length;
    const leaf = { start, end, dimension: -1, at: 0, below: -1, above: -1 };
    this.#nodes.push(leaf);
    if (end - start <= LEAF_ROWS) return index;
    const dimension = widestDimension(rows, this.width, order.subarray(start, end));
    const value = (row: number): number => valueAt(rows, row * this.width + dimension);
    order.subarray(start, end).sort((a, b) => value(a) - value(b) || a - b);
    const middle = (start + end) >> 1;
    const at = value(valueAt(order, middle));
    if (value(valueAt(order, start)) === value(valueAt(order, end - 1))) {
      // All rows of the part are equal: two of them stand for the others.
      this.#nodes[index] = { ...leaf, end: Math.min(end, start + 2) };
      return index;
    }
    const below = this.#part(rows, order, start, middle);
    const above = this.#part(rows, order, middle, end);
    this.#nodes[index] = { ...leaf, dimension, at, below, above };
    return index;
  }

  /** Least squared distance within a part of the tree, or `best` if none is less. */
  #nearest(index: number, queries: Float32Array, from: number, best: number): number {
    const node = this.#nodes[index];
    if (node === undefined) return best;
    if (node.dimension < 0) return this.#scan(node, queries, from, best);
    const difference = valueAt(queries, from + node.dimension) - node.at;
    const near = this.#nearest(difference < 0 ? node.below : node.above, queries, from, best);
    if (difference * difference >= near || near <= this.#nearEnough) return near;
    return this.#nearest(difference < 0 ? node.above : node.below, queries, from, near);
  }

  #scan({ start, end }: Node, queries: Float32Array, from: number, best: number): number {
    const { rows, width } = this;
    let least = best;
    for (let row = start; row < end; row++) {
      const to = row * width;
      let sum = 0;
      for (let k = 0; k < width && sum < least; k++) {
        const difference = valueAt(queries, from + k) - valueAt(rows, to + k);
        sum += difference * difference;
      }
      if (sum >= least) continue;
      if (sum === 0 && this.#isOwnAhead) {
        this.#isOwnAhead = false;
        continue;
      }
      least = sum;
      if (least <= this.#nearEnough) break;
    }
    return least;
  }
}

function widestDimension(rows: Float32Array, width: number, order: Int32Array): number {
  let [widest, most] = [0, -1];
  for (let k = 0; k < width; k++) {
    let [low, high] = [Infinity, -Infinity];
    for (const row of order) {
      const value = valueAt(rows, row * width + k);
      if (value < low) low = value;
      if (value > high) high = value;
    }
    if (high - low > most) [widest, most] = [k, high - low];
  }
  return widest;
}
