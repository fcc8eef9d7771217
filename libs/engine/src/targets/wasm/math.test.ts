import { describe, expect, it } from '@jest/globals';

import { activate } from './activation.ts';
import { i32, v128 } from './assembly/expression.ts';
import type { V128 } from './assembly/expression.ts';
import type { FunctionBuilder } from './assembly/function-builder.ts';
import { VectorMath } from './math.ts';
import { ModuleBuilder } from './assembly/module-builder.ts';
import { wasmTarget } from './runtime/wasm-target.ts';
import { webAssembly } from './runtime/web-assembly.ts';
import { activations } from '../../plan/plan.ts';
import { activate as exactly } from '../reference/activation.ts';

/** Runs a vector function over floats. */
const run = (
  fused: boolean,
  values: readonly number[],
  write: (f: FunctionBuilder, math: VectorMath, x: V128) => V128,
): Float32Array => {
  const module = new ModuleBuilder();
  const kernel = module.define('kernel', 1, (f) => {
    const [at, end] = [f.let(i32.constant(0)), f.let(i32.mul(f.parameter(0), i32.constant(4)))];
    f.doWhile(
      () => {
        f.store(at, write(f, new VectorMath(fused), f.let(v128.load(at))));
        f.advance(at, 16);
      },
      () => i32.ltU(at, end),
    );
  });
  module.export('kernel', kernel);
  const { memory, kernel: call } = new webAssembly.Instance(
    new webAssembly.Module(module.build(4 * values.length + 16)),
  ).exports;
  if (!(memory instanceof webAssembly.Memory) || typeof call !== 'function') throw new TypeError('no exports');
  const floats = new Float32Array(memory.buffer, 0, values.length);
  floats.set(values);
  call(values.length);
  return floats.slice();
};

const grid = (limit: number): number[] => Array.from({ length: 20_001 }, (_, i) => ((i - 10_000) / 10_000) * limit);

describe.each(wasmTarget().fused ? [true, false] : [false])('vector mathematics, fused: %s', (fused) => {
  it('exp has a relative error below 2e-7 where float32 has the result', () => {
    const xs = grid(86);
    const ys = run(fused, xs, (f, math, x) => math.exp(f, x));
    const worst = Math.max(...xs.map((x, i) => Math.abs(ys[i]! / Math.exp(Math.fround(x)) - 1)));
    expect(worst).toBeLessThan(2e-7);
  });

  it('exp is clamped, not wrapped, far out', () => {
    const [small, large] = run(fused, [-1e30, 1e30, 0, 0], (f, math, x) => math.exp(f, x));
    expect(small).toBeGreaterThan(0);
    expect(small).toBeLessThan(1e-37);
    expect(large).toBeGreaterThan(1e37);
    expect(large).toBeLessThan(Infinity);
  });

  it('tanh has an absolute error below 4e-7, and is odd', () => {
    const xs = grid(12);
    const ys = run(fused, xs, (f, math, x) => math.tanh(f, x));
    const worst = Math.max(...xs.map((x, i) => Math.abs(ys[i]! - Math.tanh(x))));
    expect(worst).toBeLessThan(4e-7);
    expect(ys.every((y, i) => y === -ys[ys.length - 1 - i]!)).toBe(true);
  });

  it.each(activations)('%s is that of the reference, and lets NaN through', (activation) => {
    const xs = [...grid(6), NaN];
    const ys = run(fused, xs, (f, math, x) => activate(f, math, activation, x));
    expect(ys.at(-1)).toBeNaN();
    const off = xs.slice(0, -1).map((x, i) => {
      const exact = exactly(activation, Math.fround(x));
      return Math.abs(ys[i]! - exact) / Math.max(1, Math.abs(exact));
    });
    expect(Math.max(...off)).toBeLessThan(5e-7);
  });
});
