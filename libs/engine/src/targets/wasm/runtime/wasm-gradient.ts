import { WasmProgram, WasmThread } from './wasm.ts';
import type { Plan } from '../../../plan/plan.ts';
import type { RowKernels } from '../../kernel-scorer.ts';

/**
 * Gradient of a plan on the WebAssembly kernels of the calling thread, for backends that have none
 * of their own: it is requested for few rows only. The kernels are compiled on first use.
 */
export const wasmGradient = (plan: Plan): RowKernels['gradient'] => {
  let thread: WasmThread | null = null;
  return async (rows, n, gradients) => {
    thread ??= new WasmThread(await WasmProgram.of(plan));
    await thread.prepareGradient();
    thread.run('gradient', rows, 0, n, gradients, 0);
  };
};
