import type { RowShape } from '../../../row-shape.ts';
import type { Scorer } from '../../../scorer.ts';
import { ensemble } from '../../../select/ensemble.ts';
import { KernelScorer } from '../../kernel-scorer.ts';
import type { KernelCode } from '../kernel.ts';
import { runInChunks } from './kernel-chunks.ts';
import { compileKernel, instantiateKernel, type KernelOutput, type WasmKernel } from './wasm-kernel.ts';

/** Emitted kernels of a flow, which any engine with WebAssembly SIMD runs. */
export interface PortableKernels {
  readonly shape: RowShape;
  /** Exports `score` and `latent`. */
  readonly score: KernelCode;
  /** Null where nothing asks for gradients. */
  readonly gradient: KernelCode | null;
}

/**
 * Scorer of the kernels of one flow, or of an equal mixture of flows, on the calling thread. It
 * uses nothing of Node.
 * @throws FlowlineError FLOWLINE_BACKEND_UNAVAILABLE if this engine rejects a kernel.
 */
export const scorerOfKernels = async (members: readonly PortableKernels[]): Promise<Scorer> => {
  const scorers = await Promise.all(members.map(memberScorer));
  return ensemble(scorers, members[0]?.shape.features ?? 0);
};

const memberScorer = async ({ shape, score, gradient }: PortableKernels): Promise<Scorer> => {
  const kernelOf = async (code: KernelCode): Promise<WasmKernel> =>
    instantiateKernel(await compileKernel(code), shape.features + shape.context, shape.features);
  const scores = await kernelOf(score);
  const slopes = gradient === null ? null : await kernelOf(gradient);
  const run =
    (kernel: WasmKernel | null, output: KernelOutput) =>
    (rows: Float32Array, n: number, results: Float32Array | Float64Array): undefined => {
      if (kernel === null) throw new TypeError(`the kernels have no ${output}`);
      runInChunks(kernel, shape, output, { rows, firstRow: 0, n, results, firstResult: 0 });
    };
  return new KernelScorer({
    ...{ name: 'wasm', shape },
    ...{ score: run(scores, 'score'), latent: run(scores, 'latent'), gradient: run(slopes, 'gradient') },
    dispose: () => undefined,
  });
};
