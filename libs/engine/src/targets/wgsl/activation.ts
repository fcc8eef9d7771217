import { exp, literal, tanh } from './math.ts';
import type { Shader } from './shader.ts';
import { LEAKY_SLOPE } from '../../plan/plan.ts';
import type { Activation } from '../../plan/plan.ts';

/** y = activation(x). x is the name of a vector variable. */
export const activate = (shader: Shader, activation: Activation, x: string): string => {
  switch (activation) {
    case 'linear':
      return x;
    case 'relu':
      return `max(${x}, vec4f(0.0f))`;
    case 'leakyRelu':
      return `max(${x}, ${x} * ${literal(LEAKY_SLOPE)})`;
    case 'tanh':
      return `${tanh(shader)}(${x})`;
    case 'sigmoid':
      return `1.0f / (1.0f + ${exp(shader)}(-${x}))`;
    case 'elu':
      return `select(${x}, ${exp(shader)}(${x}) - 1.0f, ${x} < vec4f(0.0f))`;
  }
};

/** bound·tanh(x / bound), or x if the bound is null. */
export const squash = (shader: Shader, bound: number | null, x: string): string =>
  bound === null ? x : `${literal(bound)} * ${tanh(shader)}(${x} * ${literal(1 / bound)})`;
