import { FlowlineError } from '@flowline/events';
import { initBackend } from '@flowline/flows';
import type { BackendName, Flow } from '@flowline/flows';
import * as tf from '@tensorflow/tfjs-core';

import { KernelScorer } from '../kernel-scorer.ts';
import { finiteRows } from '../../row-shape.ts';
import type { Scorer } from '../../scorer.ts';

/** Rows per pass through the tensors: enough to fill the kernels, few enough to bound memory. */
const CHUNK_ROWS = 4096;

/** Backend of the tensor library. */
export interface TensorBackend {
  /** Name of the scorer. */
  readonly name: string;
  /** Name of the backend in the tensor library. */
  readonly backend: string;
  /** Makes it the current backend. Rejects with FLOWLINE_BACKEND_UNAVAILABLE. */
  readonly start: () => Promise<void>;
}

/** Tensor backend that comes with the flow library. */
export const ownTensorBackend = (backend: BackendName): TensorBackend => ({
  name: `tfjs-${backend}`,
  backend,
  start: () => startBackend(backend),
});

/**
 * Scores a flow of any family through the tensor library. The flow's tensors are used, not copied,
 * so the flow must outlive the scorer. Rejects with FLOWLINE_BACKEND_UNAVAILABLE if the tensor
 * backend cannot start.
 */
export const createTfjsScorer = async (flow: Flow, backend: TensorBackend): Promise<Scorer> => {
  await backend.start();
  const gradientOf = (x: tf.Tensor2D, context: tf.Tensor2D | undefined): tf.Tensor =>
    tf.grad((input) => tf.sum(flow.uncheckedLogProb(tf.reshape<tf.Rank.R2>(input, x.shape), context)))(x);
  const inChunks =
    (run: (x: tf.Tensor2D, context: tf.Tensor2D | undefined) => tf.Tensor, width: number) =>
    (rows: Float32Array, n: number, into: { set(values: Float32Array, offset: number): void }) =>
      runInChunks(flow, backend, { rows: finiteRows(flow, rows, n), n }, run, (values, first) =>
        into.set(values, first * width),
      );
  return new KernelScorer({
    name: backend.name,
    shape: flow,
    score: inChunks((x, context) => flow.uncheckedLogProb(x, context), 1),
    latent: inChunks((x, context) => flow.encode(x, context), flow.features),
    gradient: inChunks(gradientOf, flow.features),
    dispose: () => undefined,
  });
};

/** Runs rows through the tensors of a flow, chunk by chunk. */
const runInChunks = async (
  flow: Flow,
  { backend, start }: TensorBackend,
  { rows, n }: { readonly rows: Float32Array; readonly n: number },
  run: (x: tf.Tensor2D, context: tf.Tensor2D | undefined) => tf.Tensor,
  take: (values: Float32Array, firstRow: number) => void,
): Promise<void> => {
  const width = flow.features + flow.context;
  for (let first = 0; first < n; first += CHUNK_ROWS) {
    const count = Math.min(CHUNK_ROWS, n - first);
    // Other code in this process may have changed the backend while the last chunk was awaited.
    if (tf.getBackend() !== backend) await start();
    const result = tf.tidy(() => {
      const chunk = tf.tensor2d(rows.subarray(first * width, (first + count) * width), [count, width]);
      const x = tf.slice(chunk, [0, 0], [count, flow.features]);
      return run(x, flow.context === 0 ? undefined : tf.slice(chunk, [0, flow.features], [count, flow.context]));
    });
    take(await result.data<'float32'>(), first);
    result.dispose();
  }
};

const startBackend = async (backend: BackendName): Promise<void> => {
  try {
    await initBackend(backend);
  } catch (cause) {
    throw new FlowlineError('FLOWLINE_BACKEND_UNAVAILABLE', `the tensor backend '${backend}' could not be started`, {
      where: `tfjs-${backend}`,
      remedy: 'Reinstall the dependencies, or choose another compute backend.',
      cause,
    });
  }
};
