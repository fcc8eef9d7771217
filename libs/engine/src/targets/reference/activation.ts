import { LEAKY_SLOPE } from '../../plan/plan.ts';
import type { Activation } from '../../plan/plan.ts';

/** y = activation(x) in float64. */
export const activate = (activation: Activation, x: number): number => {
  switch (activation) {
    case 'linear':
      return x;
    case 'relu':
      return x < 0 ? 0 : x;
    case 'leakyRelu':
      return x < 0 ? x * LEAKY_SLOPE : x;
    case 'tanh':
      return Math.tanh(x);
    case 'sigmoid':
      return 1 / (1 + Math.exp(-x));
    case 'elu':
      return x < 0 ? Math.expm1(x) : x;
  }
};

/** dy/dx from y. */
export const slopeAt = (activation: Activation, y: number): number => {
  switch (activation) {
    case 'linear':
      return 1;
    case 'relu':
      return y > 0 ? 1 : 0;
    case 'leakyRelu':
      return y > 0 ? 1 : LEAKY_SLOPE;
    case 'tanh':
      return 1 - y * y;
    case 'sigmoid':
      return y * (1 - y);
    case 'elu':
      return Math.min(y, 0) + 1;
  }
};

/** bound·tanh(x / bound), or x if the bound is null. */
export const squash = (bound: number | null, x: number): number => (bound === null ? x : bound * Math.tanh(x / bound));

/** d squash / dx from its value y. */
export const squashSlope = (bound: number | null, y: number): number => (bound === null ? 1 : 1 - (y / bound) ** 2);
