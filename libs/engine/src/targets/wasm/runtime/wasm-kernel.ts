import { FlowlineError } from '@flowline/events';

import { webAssembly } from './web-assembly.ts';
import type { WasmModule } from './web-assembly.ts';
import type { KernelCode } from '../kernel.ts';

/** Output of a kernel per row. */
export type KernelOutput = 'score' | 'latent' | 'gradient';

/** Compiled kernel without memory. */
export interface CompiledKernel {
  readonly layout: Omit<KernelCode, 'bytes'>;
  readonly module: WasmModule;
}

/** Instance of a kernel, with its own memory. */
export interface WasmKernel {
  /** Maximum rows per run. */
  readonly capacity: number;
  readonly rows: Float32Array;
  readonly scores: Float32Array;
  readonly vectors: Float32Array;
  /**
   * Computes an output of the first n rows. Throws a TypeError if the kernel has no such output.
   */
  run(output: KernelOutput, n: number): void;
}

/**
 * Compiles a kernel off this thread. Rejects with FLOWLINE_BACKEND_UNAVAILABLE if this engine
 * rejects it.
 */
export const compileKernel = async ({ bytes, ...layout }: KernelCode): Promise<CompiledKernel> => {
  try {
    return { layout, module: await webAssembly.compile(bytes) };
  } catch (cause) {
    throw new FlowlineError('FLOWLINE_BACKEND_UNAVAILABLE', 'the compiled scorer was rejected by this engine', {
      where: 'wasm',
      remedy: "Use a current Node release, or choose the backend 'tfjs-wasm'.",
      cause,
    });
  }
};

/** Instantiates a kernel. Each instance has its own scratch memory, so threads never share one. */
export const instantiateKernel = (
  { layout, module }: CompiledKernel,
  rowWidth: number,
  features: number,
): WasmKernel => {
  const { exports } = new webAssembly.Instance(module);
  const { memory } = exports;
  if (!(memory instanceof webAssembly.Memory)) throw new TypeError('the kernel exports no memory');
  return {
    capacity: layout.capacity,
    rows: new Float32Array(memory.buffer, layout.rowsAddress, layout.capacity * rowWidth),
    scores: new Float32Array(memory.buffer, layout.scoresAddress, layout.capacity),
    vectors: new Float32Array(memory.buffer, layout.vectorsAddress, layout.capacity * features),
    run: (output, n) => {
      const entry = exports[output];
      if (typeof entry !== 'function') throw new TypeError(`the kernel does not export ${output}`);
      entry(n);
    },
  };
};
