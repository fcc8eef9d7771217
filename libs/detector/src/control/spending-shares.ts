import { at } from '@flowline/events';

/** Factor by which the shares sum to 1 (Javanmard, Montanari 2018). */
const SCALE = 0.07720838;
/**
 * Ages below 2 ** EXACT_BITS have a share of their own; above, ages are rounded up to so many bits.
 */
const EXACT_BITS = 11;
const STEPS = 2 ** (EXACT_BITS - 1);

/** γ_n = 0.0772 · log(max(n, 2)) / (n · exp(√log n)), as a function of n ≥ 1. */
const exactShare = (n: number): number => (SCALE * Math.log(Math.max(n, 2))) / (n * Math.exp(Math.sqrt(Math.log(n))));

const early = Float64Array.from({ length: 2 ** EXACT_BITS }, (_, n) => (n === 0 ? 0 : exactShare(n)));
/**
 * Shares of the ages from 2^k on, in steps; k beyond {@link EXACT_BITS}, filled when first needed.
 */
const octaves = new Map<number, Float64Array>();

/**
 * Share of a wealth that is spent on the n-th test after it was earned, n ≥ 1: γ_n of LORD++. From
 * n = 2,048 on, n is rounded up to eleven significant bits, which lowers a share by at most a
 * thousandth.
 */
export function spendingShare(n: number): number {
  if (n < early.length) return at(early, n);
  const exponent = exponentOf(n);
  let octave = octaves.get(exponent);
  if (octave === undefined) {
    const unit = 2 ** exponent / STEPS;
    octave = Float64Array.from({ length: STEPS + 1 }, (_, step) => exactShare((STEPS + step) * unit));
    octaves.set(exponent, octave);
  }
  return at(octave, Math.ceil(n / (2 ** exponent / STEPS)) - STEPS);
}

/** Exponent of the highest power of two that is at most n, an integer from 1 to 2^53. */
const exponentOf = (n: number): number => (n < 2 ** 31 ? 31 - Math.clz32(n) : 52 - Math.clz32(Math.floor(n / 2 ** 21)));
