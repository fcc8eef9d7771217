import { f32x4 } from './expression.ts';
import type { V128 } from './expression.ts';
import type { FunctionBuilder } from './function-builder.ts';
import type { VectorMath } from './math.ts';
import type { ScaleFunction } from '../plan.ts';

/** bound·tanh(x / bound), or x where the bound is null. */
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

/** The log-scale s of a coupling from the network's r; r is used more than once: pass a local. */
export const logScale = (f: FunctionBuilder, math: VectorMath, scale: ScaleFunction, r: V128): V128 => {
  if (scale.kind !== 'softsign') return squash(f, math, scale.bound, r);
  const one = f32x4.constant(1);
  return f32x4.div(r, f32x4.add(f32x4.mul(f32x4.abs(r), f32x4.constant(1 / scale.bound)), one));
};

/** ds/dr from s. */
export const logScaleSlope = (f: FunctionBuilder, scale: ScaleFunction, s: V128): V128 => {
  if (scale.kind !== 'softsign') return squashSlope(f, scale.bound, s);
  const rest = f.let(f32x4.sub(f32x4.constant(1), f32x4.mul(f32x4.abs(s), f32x4.constant(1 / scale.bound))));
  return f32x4.mul(rest, rest);
};
