import type { Transform } from './transform.ts';

/** From here on, 1 + x² equals x² in float64, and x² may overflow. */
const LARGE = 1e8;

/** y = asinh(x): a log scale for both signs. Domain: all numbers. log|det| = −½·log(1 + x²). */
export const asinh = (): Transform => ({
  config: { type: 'asinh' },
  bounds: [-Number.MAX_VALUE, Number.MAX_VALUE],
  accepts: () => true,
  nearest: (value) => value,
  forward: Math.asinh,
  inverse: Math.sinh,
  logAbsDet: (value) => {
    const size = Math.abs(value);
    return size > LARGE ? -Math.log(size) : -0.5 * Math.log1p(size * size);
  },
});
