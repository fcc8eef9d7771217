import { at, missing } from '@flowline/events';

import { type Matrix, rowOf } from '../matrix.ts';

/** Nearest neighbours of rows: k of each, in ascending order of distance. */
export interface Neighbours {
  readonly k: number;
  readonly distances: Float64Array;
  readonly indices: Int32Array;
}

/** Dimensions added between two comparisons with the distance to beat. */
const STRIDE = 8;

/**
 * Finds the k nearest rows of `reference` for each row of `queries`, exactly, by Euclidean
 * distance. Rows are sought outwards from those of equal norm: the difference of norms bounds the
 * distance from below.
 * @param isSelf true if both are the same rows, of which none is its own neighbour.
 */
export function nearestNeighbours(reference: Matrix, queries: Matrix, k: number, isSelf = false): Neighbours {
  const count = Math.min(k, reference.rows - (isSelf ? 1 : 0));
  const norms = normsOf(reference);
  const order = Int32Array.from(norms.keys()).sort((a, b) => at(norms, a) - at(norms, b));
  const sortedNorms = Float64Array.from(order, (row) => at(norms, row));
  const found: Neighbours = {
    k: count,
    distances: new Float64Array(queries.rows * count),
    indices: new Int32Array(queries.rows * count),
  };
  const best = new Nearest(count);
  for (const [query, norm] of normsOf(queries).entries()) {
    best.clear();
    const x = rowOf(queries, query);
    let above = lowerBound(sortedNorms, norm);
    let below = above - 1;
    for (;;) {
      const [up, down] = [gap(sortedNorms, above, norm), gap(sortedNorms, below, norm)];
      const least = Math.min(up, down);
      if (!(least * least < best.limit)) break;
      const row = at(order, up <= down ? above++ : below--);
      if (isSelf && row === query) continue;
      best.offer(squaredDistance(x, reference.values, row * reference.columns, best.limit), row);
    }
    best.copyTo(found, query * count);
  }
  return found;
}

/** Distance of norms; infinite beyond the ends. */
const gap = (norms: Float64Array, place: number, norm: number): number =>
  place < 0 || place >= norms.length ? Infinity : Math.abs(at(norms, place) - norm);

function normsOf(matrix: Matrix): Float64Array {
  return Float64Array.from({ length: matrix.rows }, (_, row) =>
    Math.sqrt(rowOf(matrix, row).reduce((sum, value) => sum + value * value, 0)),
  );
}

function lowerBound(sorted: Float64Array, value: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (at(sorted, middle) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Squared distance of x to a row of values; any number above `limit` once it exceeds that. */
function squaredDistance(x: Float64Array, values: Float64Array, start: number, limit: number): number {
  let sum = 0;
  for (let from = 0; from < x.length && sum <= limit; from += STRIDE) {
    const to = Math.min(from + STRIDE, x.length);
    for (let j = from; j < to; j++) {
      const difference = (x[j] ?? missing(x, j)) - (values[start + j] ?? missing(values, start + j));
      sum += difference * difference;
    }
  }
  return sum;
}

/** The k least distances offered, in ascending order. */
class Nearest {
  readonly #squares: Float64Array;
  readonly #rows: Int32Array;
  #size = 0;

  constructor(k: number) {
    this.#squares = new Float64Array(k);
    this.#rows = new Int32Array(k);
  }

  /** Squared distance from which on a row is not among the nearest. */
  get limit(): number {
    if (this.#size < this.#squares.length) return Infinity;
    return this.#size === 0 ? -Infinity : at(this.#squares, this.#size - 1);
  }

  clear(): void {
    this.#size = 0;
  }

  offer(square: number, row: number): void {
    if (!(square < this.limit)) return;
    let place = Math.min(this.#size, this.#squares.length - 1);
    for (; place > 0 && at(this.#squares, place - 1) > square; place--) {
      this.#squares[place] = at(this.#squares, place - 1);
      this.#rows[place] = at(this.#rows, place - 1);
    }
    this.#squares[place] = square;
    this.#rows[place] = row;
    this.#size = Math.min(this.#size + 1, this.#squares.length);
  }

  copyTo({ distances, indices }: Neighbours, start: number): void {
    for (let i = 0; i < this.#size; i++) {
      distances[start + i] = Math.sqrt(at(this.#squares, i));
      indices[start + i] = at(this.#rows, i);
    }
  }
}
