import { f32x4, v128 } from './assembly/expression.ts';
import type { V128 } from './assembly/expression.ts';
import type { FunctionBuilder } from './assembly/function-builder.ts';

/**
 * Elementary functions over four floats, emitted into a kernel. Each takes its argument as an
 * expression and returns its value. The operations and their order are the same everywhere, so
 * every path gives the same bits.
 */
export class VectorMath {
  /**
   * True if a·b + c is one relaxed-SIMD instruction (one rounding if the CPU has FMA), false if it
   * is two.
   */
  readonly #fused: boolean;

  constructor(fused: boolean) {
    this.#fused = fused;
  }

  /** a·b + c */
  multiplyAdd(a: V128, b: V128, c: V128): V128 {
    return this.#fused ? f32x4.relaxedMadd(a, b, c) : f32x4.add(f32x4.mul(a, b), c);
  }

  /**
   * Horner's scheme, coefficients from the highest power down. Pass x as a local, because it is
   * used often.
   */
  polynomial(x: V128, coefficients: readonly number[]): V128 {
    return coefficients
      .map((coefficient) => f32x4.constant(coefficient))
      .reduce((sum, coefficient) => this.multiplyAdd(sum, x, coefficient));
  }

  /** e^x with x clamped to |x| ≤ 87. Relative error 8e-8 (Cephes expf: 2^n·P(r), |r| ≤ ½ ln 2). */
  exp(f: FunctionBuilder, argument: V128): V128 {
    const x = f.let(f32x4.pmax(f32x4.pmin(argument, f32x4.constant(EXP_LIMIT)), f32x4.constant(-EXP_LIMIT)));
    const shifted = f.let(this.multiplyAdd(x, f32x4.constant(Math.LOG2E), f32x4.constant(ROUND_MAGIC)));
    const n = f.let(f32x4.sub(shifted, f32x4.constant(ROUND_MAGIC)));
    const high = f.let(this.multiplyAdd(n, f32x4.constant(-LN2_HIGH), x));
    const r = f.let(this.multiplyAdd(n, f32x4.constant(-LN2_LOW), high));
    const tail = f.let(this.multiplyAdd(f32x4.mul(r, r), this.polynomial(r, EXP_POLYNOMIAL), r));
    return v128.addI32(f32x4.add(tail, f32x4.constant(1)), v128.shlI32(shifted, FLOAT_MANTISSA_BITS));
  }

  /**
   * tanh x as an odd rational function (degrees 13 over 6). Absolute and relative error 2.6e-7;
   * never reaches exactly ±1.
   */
  tanh(f: FunctionBuilder, argument: V128): V128 {
    const x = f.let(f32x4.pmax(f32x4.pmin(argument, f32x4.constant(TANH_LIMIT)), f32x4.constant(-TANH_LIMIT)));
    const square = f.let(f32x4.mul(x, x));
    return f32x4.div(f32x4.mul(this.polynomial(square, TANH_NUMERATOR), x), this.polynomial(square, TANH_DENOMINATOR));
  }

  /** 1 / (1 + e^−x) */
  sigmoid(f: FunctionBuilder, argument: V128): V128 {
    const one = f32x4.constant(1);
    return f32x4.div(one, f32x4.add(this.exp(f, f32x4.neg(argument)), one));
  }

  /**
   * log x for x > 0. Relative error 1e-7 (Cephes logf: x = 2^e·m, m from √½ to √2). NaN if x is NaN
   * or infinite.
   */
  log(f: FunctionBuilder, argument: V128): V128 {
    const x = f.let(argument);
    const exponent = f.let(v128.shrI32(v128.subI32(x, v128.constantI32(SQRT_HALF_BITS)), FLOAT_MANTISSA_BITS));
    const m = f.let(f32x4.sub(v128.subI32(x, v128.shlI32(exponent, FLOAT_MANTISSA_BITS)), f32x4.constant(1)));
    const e = f.let(f32x4.convertI32(exponent));
    const square = f.let(f32x4.mul(m, m));
    const cubic = f32x4.mul(f32x4.mul(m, square), this.polynomial(m, LOG_POLYNOMIAL));
    const low = this.multiplyAdd(e, f32x4.constant(LN2_LOW), cubic);
    const sum = f32x4.add(m, this.multiplyAdd(square, f32x4.constant(-0.5), low));
    return this.multiplyAdd(x, f32x4.constant(0), this.multiplyAdd(e, f32x4.constant(LN2_HIGH), sum));
  }

  /**
   * log(1 + e^x) = max(x, 0) + log(1 + u), u = e^−|x|. The part of u that 1 + u loses is added
   * back.
   */
  softplus(f: FunctionBuilder, argument: V128): V128 {
    const x = f.let(argument);
    const one = f32x4.constant(1);
    const u = f.let(this.exp(f, f32x4.neg(f32x4.abs(x))));
    const more = f.let(f32x4.add(u, one));
    const lost = f32x4.div(f32x4.sub(u, f32x4.sub(more, one)), more);
    return f32x4.add(f32x4.pmax(x, f32x4.constant(0)), f32x4.add(this.log(f, more), lost));
  }
}

const EXP_LIMIT = 87;
/** Adding 1.5·2²³ rounds to the nearest integer and leaves it in the low bits. */
const ROUND_MAGIC = 12_582_912;
const FLOAT_MANTISSA_BITS = 23;
/** ln 2 in two parts. The first has few bits, so that n times it is exact. */
const LN2_HIGH = 0.693359375;
const LN2_LOW = -2.1219444e-4;
const EXP_POLYNOMIAL = [
  1.98756915e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1,
];
/** Bits of √½ in float32. */
const SQRT_HALF_BITS = 0x3f3504f3;
const LOG_POLYNOMIAL = [
  7.0376836292e-2, -1.151461031e-1, 1.167699874e-1, -1.2420140846e-1, 1.4249322787e-1, -1.6668057665e-1,
  2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1,
];
/** Beyond this the rational function has reached 1 in float32. */
const TANH_LIMIT = 7.905311107635498;
const TANH_NUMERATOR = [
  -2.76076847742355e-16, 2.00018790482477e-13, -8.60467152213735e-11, 5.12229709037114e-8, 1.48572235717979e-5,
  6.37261928875436e-4, 4.89352455891786e-3,
];
const TANH_DENOMINATOR = [1.19825839466702e-6, 1.18534705686654e-4, 2.268434632439e-3, 4.89352518554385e-3];

/** Coefficients for the shaders, which compute the same functions. */
export { EXP_LIMIT, EXP_POLYNOMIAL, LN2_HIGH, LN2_LOW, LOG_POLYNOMIAL, TANH_DENOMINATOR, TANH_LIMIT, TANH_NUMERATOR };
