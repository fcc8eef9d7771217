import { FlowlineError, turn } from '@flowline/events';

import { KernelScorer } from '../../kernel-scorer.ts';
import { chunkRows, runInChunks } from './kernel-chunks.ts';
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
  const options = { fused: wasmTarget().fused, capacity: chunkRows(plan) };
  const code = await inSlices(emissions[kernel](plan, options));
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
    const kernel = output === 'gradient' ? this.#gradient : this.#score;
    if (kernel === null) throw new TypeError('the gradient has not been prepared');
    runInChunks(kernel, this.#program.plan, output, { rows, firstRow, n, results, firstResult });
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
