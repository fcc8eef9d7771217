import { at } from '@flowline/events';

import { chunkBounds, chunkRows } from './chunks.ts';
import type { ChunkBounds } from './chunks.ts';
import { graphFormOf } from './graph-form.ts';
import type { Lane } from './lane.ts';
import type { RowOutput } from '../onnx/rows.ts';
import { rowsExport } from '../onnx/rows.ts';
import { dump } from '../../dump.ts';
import type { Plan } from '../../plan/plan.ts';
import { inSlices } from '../../slices.ts';

/** Lanes that score one plan together. */
export class Lanes {
  readonly #plan: Plan;
  readonly #lanes: readonly Lane[];
  /** Lanes in the order in which they take chunks: all of them before any takes a second. */
  readonly #takers: readonly Lane[];
  /** Rows per run. */
  readonly bounds: ChunkBounds;
  /** Outputs whose model every lane has, or is about to have. */
  readonly #opening = new Map<RowOutput, Promise<void>>();
  /** Outputs whose model every lane has. */
  readonly #open = new Set<RowOutput>();

  constructor(plan: Plan, lanes: readonly Lane[]) {
    this.#plan = plan;
    this.#lanes = lanes;
    this.#takers = [...lanes, ...lanes.filter(({ runsAtATime }) => runsAtATime === 2)];
    this.bounds = chunkBounds(plan);
  }

  /**
   * Computes an output of n rows. Rejects with FLOWLINE_BACKEND_UNAVAILABLE. Most calls are one
   * chunk, and then little happens around it: whatever runs between two runs of a session finds its
   * caches full of weights.
   */
  run(output: RowOutput, rows: Float32Array, n: number, results: Float32Array | Float64Array): Promise<void> {
    const size = chunkRows(n, this.#lanes.length, this.bounds);
    if (n > size || n === 0 || !this.#open.has(output)) return this.#runChunks(output, rows, n, results, size);
    return at(this.#lanes, 0).run(output, rows.subarray(0, n * this.#width), n, results);
  }

  /** Computes an output of n rows in chunks, each on the lane that is free next. */
  async #runChunks(
    output: RowOutput,
    rows: Float32Array,
    n: number,
    results: Float32Array | Float64Array,
    size: number,
  ): Promise<void> {
    await this.#opened(output);
    const [width, each] = [this.#width, output === 'score' ? 1 : this.#plan.features];
    let next = 0;
    const work = async (lane: Lane): Promise<void> => {
      while (next < n) {
        const first = next;
        const end = Math.min(n, first + size);
        next = end;
        const chunk = rows.subarray(first * width, end * width);
        await lane.run(output, chunk, end - first, results.subarray(first * each, end * each));
      }
    };
    await Promise.all(this.#takers.slice(0, Math.ceil(n / size)).map(work));
  }

  close(): void {
    for (const lane of this.#lanes) lane.close();
  }

  get #width(): number {
    return this.#plan.features + this.#plan.context;
  }

  /** Gives every lane the model of an output, once. Rejects with FLOWLINE_BACKEND_UNAVAILABLE. */
  #opened(output: RowOutput): Promise<void> {
    const opening = this.#opening.get(output) ?? this.#openOn(output);
    this.#opening.set(output, opening);
    return opening;
  }

  async #openOn(output: RowOutput): Promise<void> {
    const model = await inSlices(rowsExport(this.#plan, output, graphFormOf(this.#plan)));
    dump(this.#plan, `${output}.onnx`, model);
    await Promise.all(this.#lanes.map((lane) => lane.open(output, model)));
    this.#open.add(output);
  }
}
