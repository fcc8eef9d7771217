import v8 from 'node:v8';

import { webAssembly } from './web-assembly.ts';
import { f32x4, i32, v128 } from '../assembly/expression.ts';
import { ModuleBuilder } from '../assembly/module-builder.ts';

/** WebAssembly features of this JavaScript engine. */
export interface WasmTarget {
  /** SIMD with 128-bit vectors. Without it there is no compiled backend. */
  readonly simd: boolean;
  /** Relaxed SIMD: a·b + c in one instruction. */
  readonly fused: boolean;
}

/**
 * Node 20 has relaxed SIMD behind this flag. Later releases have it without the flag, and reject
 * it.
 */
const RELAXED_SIMD_FLAG = '--experimental-wasm-relaxed-simd';

let known: WasmTarget | null = null;

/**
 * Probes the engine with `WebAssembly.validate`. On Node 20 it enables relaxed SIMD for this
 * process.
 */
export const wasmTarget = (): WasmTarget => {
  known ??= probe();
  return known;
};

const probe = (): WasmTarget => {
  const simd = webAssembly.validate(probeModule(false));
  if (simd && !webAssembly.validate(probeModule(true))) v8.setFlagsFromString(RELAXED_SIMD_FLAG);
  return { simd, fused: simd && webAssembly.validate(probeModule(true)) };
};

const probeModule = (fused: boolean): Uint8Array<ArrayBuffer> => {
  const module = new ModuleBuilder();
  module.define('probe', 1, (f) => {
    const [x, zero] = [f.let(v128.load(f.parameter(0))), i32.constant(0)];
    f.store(zero, fused ? f32x4.relaxedMadd(x, x, x) : f32x4.mul(x, x));
  });
  return module.build(1);
};
