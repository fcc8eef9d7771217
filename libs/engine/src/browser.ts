// Entry for browsers: the kernels that the engine has emitted, run without anything of Node.
export { scorerOfKernels, type PortableKernels } from './targets/wasm/runtime/kernel-scorer-of.ts';
export type { Scorer } from './scorer.ts';
