import { createCallerLane } from './caller-lane.ts';
import type { Lane } from './lane.ts';
import { Lanes } from './lanes.ts';
import type { OnnxRuntimePackage } from './onnxruntime-package.ts';
import { checkPlaces } from './place-check.ts';
import { WorkerLane } from './worker-lane.ts';
import type { BackendOptions } from '../backend-entry.ts';
import { KernelScorer } from '../kernel-scorer.ts';
import type { RowOutput } from '../onnx/rows.ts';
import { wasmGradient } from '../wasm/runtime/wasm-gradient.ts';
import type { Plan } from '../../plan/plan.ts';
import type { Scorer } from '../../scorer.ts';
import { planValidation } from '../../plan/validate-plan.ts';
import { inSlices } from '../../slices.ts';

/**
 * Scores a plan with ONNX Runtime on the processor. Each thread has a session of one thread, and
 * takes chunks of the rows; the calling thread is one of them unless it has other work. Gradients
 * come from the WebAssembly kernels on the calling thread. Rejects with
 * FLOWLINE_BACKEND_UNAVAILABLE if the package does not load, if it cannot run the model, or if the
 * score of a row depends on its batch.
 */
export const createOnnxRuntimeScorer = async (
  plan: Plan,
  installed: OnnxRuntimePackage,
  options: BackendOptions,
): Promise<Scorer> => {
  await inSlices(planValidation(plan));
  const lanes = new Lanes(plan, await startLanes(installed, options));
  const run =
    (output: RowOutput) =>
    (rows: Float32Array, n: number, results: Float32Array | Float64Array): Promise<void> =>
      lanes.run(output, rows, n, results);
  try {
    const score = async (rows: Float32Array, n: number): Promise<Float64Array> => {
      const scores = new Float64Array(n);
      await lanes.run('score', rows, n, scores);
      return scores;
    };
    await checkPlaces(score, plan.features + plan.context, lanes.bounds.most);
  } catch (error) {
    lanes.close();
    throw error;
  }
  return new KernelScorer({
    name: 'onnxruntime',
    shape: plan,
    score: run('score'),
    latent: run('latent'),
    gradient: wasmGradient(plan),
    dispose: () => lanes.close(),
  });
};

/** Starts the lanes. If one of them fails, the others are closed. */
const startLanes = async (
  installed: OnnxRuntimePackage,
  { threads, offThread }: BackendOptions,
): Promise<readonly Lane[]> => {
  const beside = offThread ? Math.max(1, threads) : threads - 1;
  const started = await Promise.allSettled(Array.from({ length: beside }, () => WorkerLane.start(installed)));
  const workers = started.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  try {
    for (const outcome of started) if (outcome.status === 'rejected') throw outcome.reason;
    return offThread ? workers : [createCallerLane(installed), ...workers];
  } catch (error) {
    for (const worker of workers) worker.close();
    throw error;
  }
};
