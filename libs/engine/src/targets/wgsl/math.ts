import { at } from '@flowline/events';
import type { Shader } from './shader.ts';
import { EXP_LIMIT, EXP_POLYNOMIAL, LN2_HIGH, LN2_LOW, LOG_POLYNOMIAL } from '../wasm/math.ts';
import { TANH_DENOMINATOR, TANH_LIMIT, TANH_NUMERATOR } from '../wasm/math.ts';

/*
 * Elementary functions, the same as in the WebAssembly kernels. The built-in ones are not accurate
 * enough: WGSL lets a driver compute tanh as a quotient that overflows, and exp with an error that
 * grows with its argument.
 */

/** WGSL literal: decimal digits that round to the same float32. */
export const literal = (value: number): string => {
  const digits = String(Math.fround(value));
  return `${digits}${/[.e]/.test(digits) ? '' : '.0'}f`;
};

const horner = (x: string, coefficients: readonly number[]): string =>
  coefficients
    .slice(1)
    .reduce(
      (sum, coefficient) => `fma(${sum}, ${x}, vec4f(${literal(coefficient)}))`,
      `vec4f(${literal(at(coefficients, 0))})`,
    );

/** e^x with x clamped to |x| ≤ 87. */
export const exp = (shader: Shader): string =>
  shader.define(
    'exponential',
    () => `fn exponential(argument: vec4f) -> vec4f {
  let x = clamp(argument, vec4f(${literal(-EXP_LIMIT)}), vec4f(${literal(EXP_LIMIT)}));
  let n = round(x * ${literal(Math.LOG2E)});
  let r = fma(n, vec4f(${literal(-LN2_LOW)}), fma(n, vec4f(${literal(-LN2_HIGH)}), x));
  let p = ${horner('r', EXP_POLYNOMIAL)};
  return (fma(r * r, p, r) + 1.0f) * bitcast<vec4f>((vec4i(n) + 127) << vec4u(23u));
}`,
  );

/**
 * log x for x > 0. Any x below 1.2e-38 counts as 1.2e-38; +∞ and NaN are returned unchanged. Cephes
 * logf, relative error 8e-8.
 */
export const log = (shader: Shader): string =>
  shader.define(
    'logarithm',
    () => `fn logarithm(argument: vec4f) -> vec4f {
  let bits = bitcast<vec4i>(max(argument, vec4f(${literal(LEAST_NORMAL)})));
  let mantissa = bitcast<vec4f>((bits & vec4i(0x007fffff)) | vec4i(0x3f000000));
  let low = mantissa < vec4f(${literal(Math.SQRT1_2)});
  let x = select(mantissa - 1.0f, mantissa + mantissa - 1.0f, low);
  let e = vec4f((bits >> vec4u(23u)) - 126) - select(vec4f(0.0f), vec4f(1.0f), low);
  let square = x * x;
  let p = ${horner('x', LOG_POLYNOMIAL)};
  let tail = fma(square, vec4f(-0.5f), fma(e, vec4f(${literal(LN2_LOW)}), x * square * p));
  let result = fma(e, vec4f(${literal(LN2_HIGH)}), x + tail);
  return select(argument, result, argument <= vec4f(${literal(LARGEST)}));
}`,
  );

const LEAST_NORMAL = 2 ** -126;
const LARGEST = 3.4e38;

export const tanh = (shader: Shader): string =>
  shader.define(
    'hyperbolicTangent',
    () => `fn hyperbolicTangent(argument: vec4f) -> vec4f {
  let x = clamp(argument, vec4f(${literal(-TANH_LIMIT)}), vec4f(${literal(TANH_LIMIT)}));
  let square = x * x;
  return ${horner('square', TANH_NUMERATOR)} * x / ${horner('square', TANH_DENOMINATOR)};
}`,
  );
