import { z } from 'zod';

import type { Immutable } from './immutable.ts';
import { orNull } from './option.ts';

/**
 * Names of the compute backends that score: WebAssembly compiled for the model, on one thread or on
 * several; ONNX Runtime (if installed); a GPU through WebGPU; TensorFlow's native library (if
 * installed); the tensor library on WebAssembly or in plain JavaScript; and the float64 reference.
 */
export const scoringBackends = [
  'wasm',
  'wasm-pool',
  'onnxruntime',
  'webgpu',
  'tensorflow',
  'tfjs-wasm',
  'tfjs-cpu',
  'reference',
] as const;
/** Name of a compute backend that scores. */
export type ScoringBackend = (typeof scoringBackends)[number];

/** Maximum scoring threads. A larger number is taken for a typing error. */
export const MAX_SCORING_THREADS = 256;

/**
 * Choices of the code that trains: the engine's compiled steps; TensorFlow's native library (if
 * installed) or the tensor library on WebAssembly, which train flows of every kind.
 */
const trainingChoices = ['auto', 'engine', 'tensorflow', 'wasm'] as const;
/** Choice of the code that trains. */
export type TrainingChoice = (typeof trainingChoices)[number];

/** Schema of the compute settings. */
export const computeSchema = z.strictObject({
  backend: z
    .enum(['auto', ...scoringBackends])
    .describe('Scoring backend. `auto`: the fastest that proves exact on the model.')
    .default('auto'),
  threads: orNull(
    z
      .int()
      .min(1)
      .max(MAX_SCORING_THREADS)
      .describe('Number of threads for scoring and for training; by default as many as the process may use.'),
  ),
  training: z
    .enum(trainingChoices)
    .describe(
      'Code that trains. `engine`: compiled for the flow. `tensorflow`: the native library, if installed. `wasm`: the tensor library on WebAssembly. `auto`: the engine where it has compiled steps for the flow, else TensorFlow if installed, else `wasm`.',
    )
    .default('auto'),
});

/** Compute settings of a detector. threads null: as many as the process may use. */
export type ComputeSpec = Immutable<z.output<typeof computeSchema>>;
