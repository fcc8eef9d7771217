import type { RowShape } from '../../../row-shape.ts';
import type { Scorer } from '../../../scorer.ts';
import { ensemble } from '../../../select/ensemble.ts';
import { KernelScorer } from '../../kernel-scorer.ts';
import type { KernelCode } from '../kernel.ts';
import { runInChunks } from './kernel-chunks.ts';
import { compileKernel, instantiateKernel, type KernelOutput } from './wasm-kernel.ts';

/** Emitted kernels of a flow, which any engine with WebAssembly SIMD runs. */
export interface PortableKernels {
  readonly shape: RowShape;
  /** Exports `score` and `latent`. */
  readonly score: KernelCode;
}

/**
 * Scorer of the kernels of one flow, or of an equal mixture of flows, on the calling thread, which
 * has no gradients. It uses nothing of Node.
 * @throws FlowlineError FLOWLINE_BACKEND_UNAVAILABLE if this engine rejects a kernel.
 */
export const scorerOfKernels = async (members: readonly PortableKernels[]): Promise<Omit<Scorer, 'gradient'>> => {
  const scorers = await Promise.all(members.map(memberScorer));
  return ensemble(scorers, members[0]?.shape.features ?? 0);
};

const memberScorer = async ({ shape, score }: PortableKernels): Promise<Scorer> => {
  const kernel = instantiateKernel(await compileKernel(score), shape.features + shape.context, shape.features);
  const run =
    (output: KernelOutput) =>
    (rows: Float32Array, n: number, results: Float32Array | Float64Array): undefined => {
      runInChunks(kernel, shape, output, { rows, firstRow: 0, n, results, firstResult: 0 });
    };
  return new KernelScorer({
    ...{ name: 'wasm', shape, score: run('score'), latent: run('latent') },
    gradient: () => {
      throw new TypeError('the kernels have no gradient');
    },
    dispose: () => undefined,
  });
};
