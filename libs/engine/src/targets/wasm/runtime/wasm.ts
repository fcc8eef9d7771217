import { FlowlineError, missing, turn } from '@flowline/events';

import { KernelScorer } from '../../kernel-scorer.ts';
import { compileKernel, instantiateKernel } from './wasm-kernel.ts';
import type { CompiledKernel, KernelOutput, WasmKernel } from './wasm-kernel.ts';
import { wasmTarget } from './wasm-target.ts';
import { dump } from '../../../dump.ts';
import { gradientEmission } from '../emit-gradient.ts';
import { scoreEmission } from '../emit-score.ts';
import type { Plan } from '../../../plan/plan.ts';
import type { Scorer } from '../../../scorer.ts';
import { planValidation } from '../../../plan/validate-plan.ts';
import { inSlices } from '../../../slices.ts';

/**
 * Size of the rows of one kernel call, chosen so that inputs and outputs stay in the second-level
 * cache.
 */
const CHUNK_BYTES = 128 * 1024;
const LARGEST_CHUNK_ROWS = 1024;
/** A whole number of tiles. */
const SMALLEST_CHUNK_ROWS = 64;

/** Programs by plan. Backends that are tried one after the other share one. */
const programs = new WeakMap<Plan, Promise<WasmProgram>>();

/** Compiled kernels of a plan. The gradient is compiled on first use. */
export class WasmProgram {
  readonly plan: Plan;
  readonly score: CompiledKernel;
  #gradient: Promise<CompiledKernel> | null = null;

  /**
   * Program of a plan, made in slices that yield to the event loop. Rejects with
   * FLOWLINE_MODEL_INCOMPATIBLE for a plan that cannot run, and with FLOWLINE_BACKEND_UNAVAILABLE
   * if WebAssembly has no SIMD.
   */
  static of(plan: Plan): Promise<WasmProgram> {
    const program = programs.get(plan) ?? WasmProgram.#make(plan);
    programs.set(plan, program);
    return program;
  }

  static async #make(plan: Plan): Promise<WasmProgram> {
    await inSlices(planValidation(plan));
    if (!wasmTarget().simd) {
      throw new FlowlineError('FLOWLINE_BACKEND_UNAVAILABLE', 'this engine runs no WebAssembly SIMD', {
        where: 'wasm',
        remedy: "Use Node 20.19 or newer, or choose the backend 'tfjs-cpu'.",
      });
    }
    return new WasmProgram(plan, await compile(plan, 'score'));
  }

  private constructor(plan: Plan, score: CompiledKernel) {
    this.plan = plan;
    this.score = score;
  }

  gradient(): Promise<CompiledKernel> {
    this.#gradient ??= compile(this.plan, 'gradient');
    return this.#gradient;
  }
}

const emissions = { score: scoreEmission, gradient: gradientEmission } as const;

const compile = async (plan: Plan, kernel: keyof typeof emissions): Promise<CompiledKernel> => {
  const width = plan.features + plan.context;
  const fitting = Math.floor(CHUNK_BYTES / (4 * width) / SMALLEST_CHUNK_ROWS) * SMALLEST_CHUNK_ROWS;
  const capacity = Math.min(LARGEST_CHUNK_ROWS, Math.max(SMALLEST_CHUNK_ROWS, fitting));
  const code = await inSlices(emissions[kernel](plan, { fused: wasmTarget().fused, capacity }));
  dump(plan, `${kernel}.wasm`, code.bytes);
  return compileKernel(code);
};

/** Kernels of one thread. */
export class WasmThread {
  readonly #program: WasmProgram;
  readonly #score: WasmKernel;
  #gradient: WasmKernel | null = null;

  constructor(program: WasmProgram) {
    this.#program = program;
    this.#score = this.#instantiate(program.score);
  }

  /**
   * Computes an output of n rows, from `firstRow` on and chunk by chunk, into the results from row
   * `firstResult` on.
   */
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
    const kernel = output === 'gradient' ? this.#gradient : this.#score;
    if (kernel === null) throw new TypeError('the gradient has not been prepared');
    const [from, each] = output === 'score' ? [kernel.scores, 1] : [kernel.vectors, features];
    for (let done = 0; done < n; done += kernel.capacity) {
      const count = Math.min(kernel.capacity, n - done);
      copy(rows, (firstRow + done) * width, kernel.rows, 0, count * width);
      kernel.run(output, count);
      copy(from, 0, results, (firstResult + done) * each, count * each);
    }
  }

  /** Instantiates the gradient kernel. Must have resolved before the first gradient run. */
  async prepareGradient(): Promise<void> {
    this.#gradient ??= this.#instantiate(await this.#program.gradient());
  }

  #instantiate(kernel: CompiledKernel): WasmKernel {
    const { features, context } = this.#program.plan;
    return instantiateKernel(kernel, features + context, features);
  }
}

/** Below this number of values a loop is faster than a view and `set`. */
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
  for (let i = 0; i < count; i++) to[toIndex + i] = from[fromIndex + i] ?? missing(from, fromIndex + i);
};

/** Compiles a plan to WebAssembly and scores with it on the calling thread. */
export const createWasmScorer = async (plan: Plan): Promise<Scorer> => {
  const program = await WasmProgram.of(plan);
  await turn();
  const thread = new WasmThread(program);
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
    gradient: async (rows, n, gradients) => {
      await thread.prepareGradient();
      thread.run('gradient', rows, 0, n, gradients, 0);
    },
    dispose: () => undefined,
  });
};
