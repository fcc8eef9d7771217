import { at } from '@flowline/events';
import type { Random } from '@flowline/flows';

/**
 * Error of a gradient along a random direction, relative to the length of the gradient: that of
 * its product with the direction against a central difference of the loss.
 */
export const directionalError = (
  lossAt: (values: Float64Array) => number,
  values: Float64Array,
  gradient: Float64Array,
  random: Random,
  step: number,
): number => {
  const drawn = values.map(() => random.normal());
  const length = norm(drawn);
  const direction = drawn.map((value) => value / length);
  const moved = (by: number): Float64Array => values.map((value, i) => value + by * at(direction, i));
  const difference = (lossAt(moved(step)) - lossAt(moved(-step))) / (2 * step);
  const slope = gradient.reduce((sum, value, i) => sum + value * at(direction, i), 0);
  return Math.abs(slope - difference) / norm(gradient);
};

const norm = (values: Float64Array): number => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
