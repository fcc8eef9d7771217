/**
 * Names of the compute backends that score: WebAssembly compiled for the model, on one thread or on
 * several; a GPU through WebGPU; TensorFlow's native library (if installed); the tensor library on
 * WebAssembly or in plain JavaScript; and the float64 reference.
 */
export const scoringBackends = [
  'wasm',
  'wasm-pool',
  'webgpu',
  'tensorflow',
  'tfjs-wasm',
  'tfjs-cpu',
  'reference',
] as const;
/** Name of a compute backend that scores. */
export type ScoringBackend = (typeof scoringBackends)[number];

/** Compute settings of a detector's scoring. */
export interface ComputeSpec {
  /** The backend that must run, or `auto`: the fastest that proves exact on the model. */
  readonly backend: ScoringBackend | 'auto';
  /** Number of scoring threads. Null: as many as the process may use. */
  readonly threads: number | null;
}
