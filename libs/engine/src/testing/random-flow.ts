import { at } from '@flowline/events';
import type { Flow, Random } from '@flowline/flows';
import { Random as Generator } from '@flowline/flows';

/**
 * Sets every parameter of a flow to random values, by default as large as after training. A new
 * flow is the identity.
 */
export const randomizeWeights = (flow: Flow, seed: number, size = 1): void => {
  const random = new Generator(seed);
  flow.assign((_name, shape) => {
    const count = shape.reduce((product, length) => product * length, 1);
    const isKernel = shape.length === 2;
    const spread = isKernel ? Math.sqrt(1.4 / Math.max(1, at(shape, 0))) : 0.15;
    return Float32Array.from({ length: count }, () => random.normal() * spread * size);
  });
};

/** n rows of `width` standard normal values. */
export const normalRows = (n: number, width: number, random: Random): Float32Array =>
  Float32Array.from({ length: n * width }, () => random.normal());
