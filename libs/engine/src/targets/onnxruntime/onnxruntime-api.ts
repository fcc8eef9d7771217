/*
 * Part of onnxruntime-node that the engine uses. The package is optional, so its own types are not
 * there to import.
 */

/** Tensor of float32 values in memory. */
export interface OnnxTensor {
  readonly data: Float32Array;
}

/** Model that is ready to run. A run holds the thread that calls it. */
export interface OnnxSession {
  /** Writes the outputs into the memory of the tensors in `fetches`. */
  run(feeds: Readonly<Record<string, OnnxTensor>>, fetches: Readonly<Record<string, OnnxTensor>>): Promise<unknown>;
  release(): Promise<void>;
}

/** The package. */
export interface OnnxRuntime {
  readonly Tensor: new (type: 'float32', data: Float32Array, dims: readonly number[]) => OnnxTensor;
  readonly InferenceSession: {
    create(model: Uint8Array, options: typeof sessionOptions): Promise<OnnxSession>;
  };
}

/**
 * Options of every session: one thread, so that the order of a sum never depends on the work that
 * threads took from one another, and no warnings on the standard error.
 */
export const sessionOptions = {
  executionProviders: ['cpu'],
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  executionMode: 'sequential',
  logSeverityLevel: 3,
} as const;
