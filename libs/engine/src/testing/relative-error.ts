import { at } from '@flowline/events';

/** Least scale, in nats: what is far below it is rounding of numbers that cancel. */
const LEAST_SCALE = 1e-3;

/** Maximum of |a − b| relative to the maximum of |b|. */
export const relativeError = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let [error, scale] = [0, LEAST_SCALE];
  for (let i = 0; i < b.length; i++) {
    error = Math.max(error, Math.abs(at(a, i) - at(b, i)));
    scale = Math.max(scale, Math.abs(at(b, i)));
  }
  return error / scale;
};
