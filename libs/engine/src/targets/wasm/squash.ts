import { f32x4 } from './assembly/expression.ts';
import type { V128 } from './assembly/expression.ts';
import type { FunctionBuilder } from './assembly/function-builder.ts';
import type { VectorMath } from './math.ts';

/** bound·tanh(x / bound), or x if the bound is null. */
export const squash = (f: FunctionBuilder, math: VectorMath, bound: number | null, x: V128): V128 => {
  if (bound === null) return x;
  return f32x4.mul(math.tanh(f, f.let(f32x4.mul(x, f32x4.constant(1 / bound)))), f32x4.constant(bound));
};

/** d squash / dx from its value y. */
export const squashSlope = (f: FunctionBuilder, bound: number | null, y: V128): V128 => {
  const one = f32x4.constant(1);
  if (bound === null) return one;
  const tanh = f.let(f32x4.mul(y, f32x4.constant(1 / bound)));
  return f32x4.sub(one, f32x4.mul(tanh, tanh));
};
