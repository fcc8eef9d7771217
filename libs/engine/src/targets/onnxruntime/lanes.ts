import { chunkBounds, chunkRows, inBlocks } from './chunks.ts';
import type { ChunkBounds } from './chunks.ts';
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
  readonly #bounds: ChunkBounds;
  /** Outputs whose model every lane has, or is about to have. */
  readonly #opened = new Map<RowOutput, Promise<void>>();

  constructor(plan: Plan, lanes: readonly Lane[]) {
    this.#plan = plan;
    this.#lanes = lanes;
    this.#takers = [...lanes, ...lanes.filter(({ runsAtATime }) => runsAtATime === 2)];
    this.#bounds = chunkBounds(plan);
  }

  /** Gives every lane the model of an output. Rejects with FLOWLINE_BACKEND_UNAVAILABLE. */
  open(output: RowOutput): Promise<void> {
    const opening = this.#opened.get(output) ?? this.#open(output);
    this.#opened.set(output, opening);
    return opening;
  }

  /**
   * Computes an output of n rows in chunks, each on the lane that is free next. The last chunk is
   * filled up to whole blocks. Rejects with FLOWLINE_BACKEND_UNAVAILABLE.
   */
  async run(output: RowOutput, rows: Float32Array, n: number, results: Float32Array | Float64Array): Promise<void> {
    const { features, context } = this.#plan;
    const [width, each] = [features + context, output === 'score' ? 1 : features];
    const size = chunkRows(n, this.#lanes.length, this.#bounds);
    await this.open(output);
    let next = 0;
    const work = async (lane: Lane): Promise<void> => {
      while (next < n) {
        const first = next;
        const count = Math.min(size, n - first);
        next += count;
        const chunk = inWholeBlocks(rows.subarray(first * width, (first + count) * width), width, count);
        const found = await lane.run(output, chunk, inBlocks(count));
        results.set(found.subarray(0, count * each), first * each);
      }
    };
    await Promise.all(this.#takers.slice(0, Math.ceil(n / size)).map(work));
  }

  close(): void {
    for (const lane of this.#lanes) lane.close();
  }

  async #open(output: RowOutput): Promise<void> {
    const model = await inSlices(rowsExport(this.#plan, output));
    dump(this.#plan, `${output}.onnx`, model);
    await Promise.all(this.#lanes.map((lane) => lane.open(output, model)));
  }
}

/** The same rows, followed by zeros up to a whole number of blocks. */
const inWholeBlocks = (rows: Float32Array, width: number, n: number): Float32Array => {
  if (inBlocks(n) === n) return rows;
  const filled = new Float32Array(inBlocks(n) * width);
  filled.set(rows);
  return filled;
};
