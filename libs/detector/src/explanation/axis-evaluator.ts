import { at, Turns } from '@flowline/events';
import type { Scorer } from '@flowline/engine';

import { valueAt } from '../sorted.ts';

/** One dimension of one encoded row, whose distribution given all other dimensions is wanted. */
export interface Axis {
  readonly row: number;
  readonly dimension: number;
}

/** Encoded rows [size × width], each [x | context]. */
export interface EncodedRows {
  readonly rows: Float32Array;
  readonly size: number;
  readonly width: number;
}

/** Points along an axis at which log p is wanted; they need not be in order. */
export interface AxisRequest {
  readonly axis: Axis;
  readonly next: readonly number[];
}

/** log p along the axis of a request, at its nodes in ascending order. */
export interface AxisValues<T> {
  readonly request: T;
  readonly nodes: Float64Array;
  readonly logDensity: Float64Array;
}

/** log p of rows as they were observed, and its slope along an axis. */
export interface AxisSlopes {
  readonly logDensity: Float64Array;
  readonly gradient: (axis: Axis) => number;
}

/**
 * Evaluates log p along axes. Several requests share one call of the scorer; a call is as large as
 * the scorer does within a turn, and the event loop gets a turn between two calls.
 */
export class AxisEvaluator {
  readonly encoded: EncodedRows;
  readonly #scorer: Pick<Scorer, 'score' | 'gradient'>;
  readonly #turns: Turns;

  constructor(scorer: Pick<Scorer, 'score' | 'gradient'>, encoded: EncodedRows, turns = new Turns()) {
    this.#scorer = scorer;
    this.encoded = encoded;
    this.#turns = turns;
  }

  /** Observed value of an axis. */
  valueAt({ row, dimension }: Axis): number {
    return valueAt(this.encoded.rows, row * this.encoded.width + dimension);
  }

  /** log p of the rows as they were observed, and its slope along each axis. */
  async slopes(): Promise<AxisSlopes> {
    const { rows, size } = this.encoded;
    const logDensity = await this.#turns.call(size, () => this.#scorer.score(rows, size));
    await this.#turns.pause();
    const gradients = await this.#scorer.gradient(rows, size);
    const dimensions = gradients.length / size;
    return { logDensity, gradient: ({ row, dimension }) => at(gradients, row * dimensions + dimension) };
  }

  /** Values of log p along the axis of each request, in the order of the requests. */
  async *evaluate<T extends AxisRequest>(requests: readonly T[]): AsyncGenerator<AxisValues<T>> {
    for (let start = 0; start < requests.length;) {
      const asked: Asked<T>[] = [];
      let size = 0;
      const most = this.#turns.rows;
      do {
        const request = requests[start++];
        if (request === undefined) break;
        const nodes = ascending(request.next);
        asked.push({ request, nodes });
        size += nodes.length;
      } while (size < most);
      const logDensity = await this.#turns.call(size, () => this.#scorer.score(this.#rowsOf(asked, size), size));
      let from = 0;
      for (const { request, nodes } of asked) {
        await this.#turns.pause();
        yield { request, nodes, logDensity: logDensity.subarray(from, (from += nodes.length)) };
      }
    }
  }

  #rowsOf(asked: readonly Asked<AxisRequest>[], size: number): Float32Array {
    const { rows, width } = this.encoded;
    const batch = new Float32Array(size * width);
    let at = 0;
    for (const { request, nodes } of asked) {
      const { row, dimension } = request.axis;
      const own = rows.subarray(row * width, (row + 1) * width);
      for (const node of nodes) {
        batch.set(own, at);
        batch[at + dimension] = node;
        at += width;
      }
    }
    return batch;
  }
}

interface Asked<T> {
  readonly request: T;
  readonly nodes: Float64Array;
}

/** Points in ascending order, as float32 has them. A loop, because there are many per event. */
function ascending(points: readonly number[]): Float64Array {
  const nodes = new Float64Array(points.length);
  let isAscending = true;
  for (let i = 0; i < points.length; i++) {
    nodes[i] = Math.fround(at(points, i));
    isAscending &&= i === 0 || valueAt(nodes, i - 1) <= valueAt(nodes, i);
  }
  return isAscending ? nodes : nodes.sort();
}
