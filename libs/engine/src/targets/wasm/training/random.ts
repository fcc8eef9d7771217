import { at } from '@flowline/events';

import { f32x4, v128 } from '../assembly/expression.ts';
import type { I32, V128 } from '../assembly/expression.ts';
import type { FunctionBuilder } from '../assembly/function-builder.ts';
import type { VectorMath } from '../math.ts';

/*
 * Counter-based random numbers: a hash of (seed, step, row, use), so that a number does not depend
 * on which thread draws it, or when. The hash is pcg4d (Jarzynski and Olano, “Hash functions for
 * GPU rendering”, 2020).
 */
const MULTIPLIER = 1_664_525;
const INCREMENT = 1_013_904_223;

/** A round of the hash adds to each word the product of two others: [word, factor, factor]. */
const ROUND = [
  [0, 1, 3],
  [1, 2, 0],
  [2, 0, 1],
  [3, 1, 2],
] as const;

/** Uses of the numbers of a feature. */
export const Use = { gaussian: 0, uniform: 1, mask: 2 } as const;

/** Seed of the numbers of one training. */
export type DrawSeed = readonly [number, number];

/** Emits uniform numbers in (0, 1) for four rows, with 24 random bits each. */
export const writeUniform = (
  f: FunctionBuilder,
  seed: DrawSeed,
  counter: { readonly step: I32; readonly row: V128; readonly feature: number; readonly use: number },
): V128 => {
  const { step, row, feature, use } = counter;
  const c = (value: number): V128 => v128.constantI32(value);
  const words = [v128.xor(row, c(seed[0])), v128.splatI32(step), c(4 * feature + use), c(seed[1])].map((word) =>
    f.let(v128.addI32(v128.mulI32(word, c(MULTIPLIER)), c(INCREMENT))),
  );
  const mix = (): void => {
    for (const [to, a, b] of ROUND) {
      f.set(at(words, to), v128.addI32(at(words, to), v128.mulI32(at(words, a), at(words, b))));
    }
  };
  mix();
  for (const word of words) f.set(word, v128.xor(word, v128.shrU32(word, 16)));
  mix();
  const bits = f32x4.convertI32(v128.shrU32(at(words, 0), 8));
  return f32x4.mul(f32x4.add(bits, f32x4.constant(0.5)), f32x4.constant(2 ** -24));
};

/**
 * Emits the standard normal quantile of u in (0, 1): √2·erf⁻¹(2u − 1) with the polynomials of Giles
 * (“Approximating the erfinv function”, 2010) in w = −log 4u(1 − u). Relative error 3e-7.
 */
export const writeNormalQuantile = (f: FunctionBuilder, math: VectorMath, uniform: V128): V128 => {
  const u = f.let(uniform);
  const x = f.let(f32x4.sub(f32x4.add(u, u), f32x4.constant(1)));
  const product = f32x4.mul(f32x4.mul(u, f32x4.sub(f32x4.constant(1), u)), f32x4.constant(4));
  const w = f.let(f32x4.neg(math.log(f, product)));
  const near = f.let(f32x4.sub(w, f32x4.constant(2.5)));
  const far = f.let(f32x4.sub(f32x4.sqrt(f32x4.pmax(w, f32x4.constant(0))), f32x4.constant(3)));
  const central = math.polynomial(near, CENTRAL);
  const tail = math.polynomial(far, TAIL);
  const factor = v128.select(f32x4.lt(w, f32x4.constant(5)), central, tail);
  return f32x4.mul(f32x4.mul(factor, x), f32x4.constant(Math.SQRT2));
};

const CENTRAL = [
  2.81022636e-8, 3.43273939e-7, -3.5233877e-6, -4.39150654e-6, 2.1858087e-4, -1.25372503e-3, -4.17768164e-3,
  2.46640727e-1, 1.50140941,
];
const TAIL = [
  -2.00214257e-4, 1.00950558e-4, 1.34934322e-3, -3.67342844e-3, 5.73950773e-3, -7.6224613e-3, 9.43887047e-3, 1.00167406,
  2.83297682,
];

/** Numbers of the rows from `first` on, in the lanes of a vector. */
export const rowNumbers = (first: I32): V128 => v128.addI32(v128.splatI32(first), v128.lanesI32([0, 1, 2, 3]));

/** {@link writeUniform} in JavaScript, for tests. */
export const uniformAt = (seed: DrawSeed, step: number, row: number, feature: number, use: number): number => {
  const words = Uint32Array.of(row ^ seed[0], step, 4 * feature + use, seed[1]).map(
    (word) => Math.imul(word, MULTIPLIER) + INCREMENT,
  );
  const mix = (): void => {
    for (const [to, a, b] of ROUND) {
      words[to] = at(words, to) + Math.imul(at(words, a), at(words, b));
    }
  };
  mix();
  words.forEach((word, i) => (words[i] = word ^ (word >>> 16)));
  mix();
  return (Math.fround(at(words, 0) >>> 8) + 0.5) * 2 ** -24;
};
