import { serve } from './child.ts';
import type { OnnxJob } from './onnx-child.ts';

/**
 * Part of onnxruntime-node that is used here. The package is an optional dependency of the
 * benchmarks.
 */
interface OnnxRuntime {
  readonly Tensor: new (type: string, data: unknown, dims: readonly number[]) => unknown;
  readonly InferenceSession: {
    create(model: Uint8Array): Promise<{
      run(feeds: object): Promise<Record<string, { readonly data: unknown; readonly dims: readonly number[] }>>;
      release(): Promise<void>;
    }>;
  };
}

const load = async (): Promise<OnnxRuntime | string> => {
  const name = 'onnxruntime-node';
  try {
    return (await import(name)) as OnnxRuntime;
  } catch (error) {
    return `onnxruntime-node cannot be loaded: ${String(error)}`;
  }
};

const runtime = await load();

serve(typeof runtime === 'string' ? runtime : null, async (job) => {
  const { model, feeds } = job as OnnxJob;
  if (typeof runtime === 'string') throw new Error(runtime);
  const session = await runtime.InferenceSession.create(model);
  const tensors = Object.entries(feeds).map(([name, { type, data, dims }]) => [
    name,
    new runtime.Tensor(type, data, dims),
  ]);
  const outputs = await session.run(Object.fromEntries(tensors) as object);
  await session.release();
  return Object.fromEntries(Object.entries(outputs).map(([name, { data, dims }]) => [name, { data, dims }]));
});
