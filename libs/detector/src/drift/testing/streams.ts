import type { Random } from '@flowline/flows';

/** Stationary normal series of variance 1 whose neighbours have the correlation ρ. */
export function autoregressive(random: Random, size: number, rho: number): Float64Array {
  let value = random.normal();
  return Float64Array.from({ length: size }, () => {
    value = rho * value + Math.sqrt(1 - rho * rho) * random.normal();
    return value;
  });
}

/**
 * p-values of a standard normal series: `above` of how far it is above the others, `both` of how
 * far it is from 0.
 */
export const pValuesOf = (series: Float64Array, side: 'above' | 'both'): Float64Array =>
  series.map((z) => (side === 'above' ? survival(z) : 2 * survival(Math.abs(z))));

/** 1 − Φ(z), by a rational approximation (Abramowitz and Stegun 26.2.17, error below 7.5e-8). */
function survival(z: number): number {
  if (z < 0) return 1 - survival(-z);
  const t = 1 / (1 + 0.2316419 * z);
  const polynomial = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return Math.max(1e-12, (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * polynomial);
}
