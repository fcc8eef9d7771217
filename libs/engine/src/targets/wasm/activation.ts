import { f32x4, v128 } from './assembly/expression.ts';
import type { V128 } from './assembly/expression.ts';
import type { FunctionBuilder } from './assembly/function-builder.ts';
import type { VectorMath } from './math.ts';
import { LEAKY_SLOPE } from '../../plan/plan.ts';
import type { Activation } from '../../plan/plan.ts';

/** Emits y = activation(x). Pass x as a local, because it is used more than once. */
export const activate = (f: FunctionBuilder, math: VectorMath, activation: Activation, x: V128): V128 => {
  const zero = f32x4.constant(0);
  const one = f32x4.constant(1);
  switch (activation) {
    case 'linear':
      return x;
    case 'relu':
      return f32x4.pmax(x, zero);
    case 'leakyRelu':
      return f32x4.pmax(x, f32x4.mul(x, f32x4.constant(LEAKY_SLOPE)));
    case 'tanh':
      return math.tanh(f, x);
    case 'sigmoid':
      return math.sigmoid(f, x);
    case 'elu':
      return v128.select(f32x4.lt(x, zero), f32x4.sub(math.exp(f, x), one), x);
  }
};

/**
 * Emits dy/dx from y. Null if it is 1 everywhere. Pass y as a local, because it is used more than
 * once.
 */
export const slopeAt = (activation: Activation, y: V128): V128 | null => {
  const zero = f32x4.constant(0);
  const one = f32x4.constant(1);
  switch (activation) {
    case 'linear':
      return null;
    case 'relu':
      return v128.and(f32x4.gt(y, zero), one);
    case 'leakyRelu':
      return v128.select(f32x4.gt(y, zero), one, f32x4.constant(LEAKY_SLOPE));
    case 'tanh':
      return f32x4.sub(one, f32x4.mul(y, y));
    case 'sigmoid':
      return f32x4.mul(y, f32x4.sub(one, y));
    case 'elu':
      return f32x4.add(f32x4.pmin(y, zero), one);
  }
};
