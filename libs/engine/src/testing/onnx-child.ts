import { Child } from './child.ts';

/** A tensor of n rows. */
export interface OnnxFeed {
  readonly type: 'float32' | 'float64' | 'string';
  readonly data: Float32Array | Float64Array | readonly string[];
  readonly dims: readonly number[];
}

/** A model, and what to run it on. */
export interface OnnxJob {
  readonly model: Uint8Array;
  readonly feeds: Readonly<Record<string, OnnxFeed>>;
}

/** The outputs by name. */
export type OnnxResults = Readonly<
  Record<string, { readonly data: Float32Array | Float64Array; readonly dims: readonly number[] }>
>;

/** A process with onnxruntime-node; null, with a warning, where that is not installed. Throws instead in CI. */
export const startOnnxChild = async (): Promise<Child<OnnxJob, OnnxResults> | null> => {
  const { child, ready } = await Child.start<OnnxJob, OnnxResults>('onnx-child-main.ts');
  if (ready === null) return child;
  const reason = ready as string;
  await child.stop();
  if (process.env.CI === 'true') throw new Error(reason);
  console.warn(`skipped: ${reason}`);
  return null;
};
