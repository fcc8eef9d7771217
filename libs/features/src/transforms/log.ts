import type { Transform } from './transform.ts';

/**
 * y = log(x): the log scale of a derived feature. Domain and support: x > 0; `floor` replaces any
 * other value. log|det| = −y.
 */
export const log = (floor: number): Transform => ({
  config: { type: 'log', floor },
  bounds: [Number.MIN_VALUE, Number.MAX_VALUE],
  accepts: (value) => value > 0,
  nearest: (value) => (value > 0 ? value : floor),
  forward: Math.log,
  inverse: Math.exp,
  logAbsDet: (_value, y) => -y,
});
