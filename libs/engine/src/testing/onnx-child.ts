import { type Child, startIfInstalled } from './child.ts';

/** Tensor of n rows. */
export interface OnnxFeed {
  readonly type: 'float32' | 'float64' | 'string';
  readonly data: Float32Array | Float64Array | readonly string[];
  readonly dims: readonly number[];
}

/** Model with its inputs. */
export interface OnnxJob {
  readonly model: Uint8Array;
  readonly feeds: Readonly<Record<string, OnnxFeed>>;
}

/** Outputs by name. */
export type OnnxResults = Readonly<
  Record<string, { readonly data: Float32Array | Float64Array; readonly dims: readonly number[] }>
>;

/**
 * Starts a process with onnxruntime-node. Null, with a warning, if the package is not installed; in
 * CI it throws instead.
 */
export const startOnnxChild = (): Promise<Child<OnnxJob, OnnxResults> | null> => startIfInstalled('onnx-child-main.ts');
