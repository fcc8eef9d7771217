/**
 * The compute backends that can score, by name: WebAssembly compiled for the model on one thread or on several, a GPU through WebGPU,
 * TensorFlow's own library (where it is installed), the tensor library on WebAssembly or in plain JavaScript, and the float64
 * reference.
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
/** A compute backend that can score, by name. */
export type ScoringBackend = (typeof scoringBackends)[number];

/** How a detector scores. */
export interface ComputeSpec {
  /** The backend that must run, or `auto`: the fastest that proves exact on the model. */
  readonly backend: ScoringBackend | 'auto';
  /** Threads that score; null: what the process may use. */
  readonly threads: number | null;
}
