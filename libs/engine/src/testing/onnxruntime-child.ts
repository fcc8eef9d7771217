import { type Child, startIfInstalled } from './child.ts';
import type { BackendOptions } from '../targets/backend-entry.ts';
import type { Plan } from '../plan/plan.ts';

/** Rows for one scorer of a plan, with the backend `onnxruntime`. */
export interface OnnxRuntimeJob {
  readonly plan: Plan;
  readonly options: BackendOptions;
  readonly calls: readonly {
    readonly output: 'score' | 'latent' | 'gradient';
    readonly rows: Float32Array;
    readonly n: number;
  }[];
}

/** Results, one per call. */
export type OnnxRuntimeResults = readonly (Float32Array | Float64Array)[];

/**
 * Starts a process for the backend `onnxruntime`. Null, with a warning, if its package is not
 * installed; in CI it throws instead.
 */
export const startOnnxRuntimeChild = (): Promise<Child<OnnxRuntimeJob, OnnxRuntimeResults> | null> =>
  startIfInstalled('onnxruntime-child-main.ts');
