import { at } from '@flowline/events';

/** Components far below this, in nats, are what is left of larger numbers that cancel. */
const LEAST_SCALE = 0.1;

/** Maximum of |a − b| relative to the maximum of |b|, or to 0.1 nats if that is larger. */
export const relativeError = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let [error, scale] = [0, LEAST_SCALE];
  for (let i = 0; i < b.length; i++) {
    error = Math.max(error, Math.abs(at(a, i) - at(b, i)));
    scale = Math.max(scale, Math.abs(at(b, i)));
  }
  return error / scale;
};
