import { FlowlineError } from '@flowline/events';

import { KernelScorer } from './kernel-scorer.ts';
import { compileKernel, instantiateKernel } from './wasm-kernel.ts';
import type { CompiledKernel, KernelOutput, WasmKernel } from './wasm-kernel.ts';
import { wasmTarget } from './wasm-target.ts';
import { emitGradient } from '../emit-wasm/emit-gradient.ts';
import { emitScore } from '../emit-wasm/emit-score.ts';
import type { Plan } from '../plan.ts';
import type { Scorer } from '../scorer.ts';
import { validatePlan } from '../validate-plan.ts';

/** Rows that a kernel takes at once: what goes in and comes out should stay in the second-level cache. */
const CHUNK_BYTES = 128 * 1024;
const LARGEST_CHUNK_ROWS = 1024;
/** A whole number of tiles. */
const SMALLEST_CHUNK_ROWS = 64;

/** A plan as kernels: the gradient is compiled when it is first asked for. */
export class WasmProgram {
  readonly plan: Plan;
  readonly score: CompiledKernel;
  #gradient: CompiledKernel | null = null;
  readonly #fused: boolean;

  /** Throws FLOWLINE_BACKEND_UNAVAILABLE where WebAssembly has no SIMD. */
  constructor(plan: Plan) {
    validatePlan(plan);
    const target = wasmTarget();
    if (!target.simd) {
      throw new FlowlineError('FLOWLINE_BACKEND_UNAVAILABLE', 'this engine runs no WebAssembly SIMD', {
        where: 'wasm',
        remedy: "Use Node 20.19 or newer, or choose the backend 'tfjs-cpu'.",
      });
    }
    this.plan = plan;
    this.#fused = target.fused;
    this.score = this.#compile(emitScore);
  }

  get gradient(): CompiledKernel {
    this.#gradient ??= this.#compile(emitGradient);
    return this.#gradient;
  }

  #compile(emit: typeof emitScore): CompiledKernel {
    const width = this.plan.features + this.plan.context;
    const fitting = Math.floor(CHUNK_BYTES / (4 * width) / SMALLEST_CHUNK_ROWS) * SMALLEST_CHUNK_ROWS;
    const capacity = Math.min(LARGEST_CHUNK_ROWS, Math.max(SMALLEST_CHUNK_ROWS, fitting));
    return compileKernel(emit(this.plan, { fused: this.#fused, capacity }));
  }
}

/** The kernels of one thread. */
export class WasmThread {
  readonly #program: WasmProgram;
  readonly #score: WasmKernel;
  #gradient: WasmKernel | null = null;

  constructor(program: WasmProgram) {
    this.#program = program;
    this.#score = this.#instantiate(program.score);
  }

  /** Computes an output of n rows from `firstRow` on, chunk by chunk, into the results from row `firstResult` on. */
  run(
    output: KernelOutput,
    rows: Float32Array,
    firstRow: number,
    n: number,
    results: Float32Array | Float64Array,
    firstResult: number,
  ): void {
    const { features, context } = this.#program.plan;
    const width = features + context;
    const kernel = output === 'gradient' ? this.#gradientKernel() : this.#score;
    const [from, each] = output === 'score' ? [kernel.scores, 1] : [kernel.vectors, features];
    for (let done = 0; done < n; done += kernel.capacity) {
      const count = Math.min(kernel.capacity, n - done);
      copy(rows, (firstRow + done) * width, kernel.rows, 0, count * width);
      kernel.run(output, count);
      copy(from, 0, results, (firstResult + done) * each, count * each);
    }
  }

  #gradientKernel(): WasmKernel {
    this.#gradient ??= this.#instantiate(this.#program.gradient);
    return this.#gradient;
  }

  #instantiate(kernel: CompiledKernel): WasmKernel {
    const { features, context } = this.#program.plan;
    return instantiateKernel(kernel, features + context, features);
  }
}

/** Below this many values a loop is faster than a view and `set`. */
const FEW_VALUES = 64;

const copy = (
  from: Float32Array,
  fromIndex: number,
  to: Float32Array | Float64Array,
  toIndex: number,
  count: number,
): void => {
  if (count > FEW_VALUES) {
    to.set(from.subarray(fromIndex, fromIndex + count), toIndex);
    return;
  }
  for (let i = 0; i < count; i++) to[toIndex + i] = from[fromIndex + i] ?? 0;
};

/** Compiles a plan to WebAssembly and scores with it on the calling thread. */
export const createWasmScorer = (plan: Plan): Scorer => {
  const thread = new WasmThread(new WasmProgram(plan));
  const run =
    (output: KernelOutput) =>
    (rows: Float32Array, n: number, results: Float32Array | Float64Array): undefined => {
      thread.run(output, rows, 0, n, results, 0);
    };
  return new KernelScorer({
    name: 'wasm',
    shape: plan,
    score: run('score'),
    latent: run('latent'),
    gradient: run('gradient'),
    dispose: () => undefined,
  });
};
