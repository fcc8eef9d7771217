import { at } from '@flowline/events';
import type { Flow, Random } from '@flowline/flows';
import { Random as Generator } from '@flowline/flows';

import type { RowShape } from '../row-shape.ts';

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

/** n standard normal rows of a flow, except for presence columns, which are 0 and 1 in turns. */
export const presentRows = (shape: RowShape, n: number, random: Random): Float32Array => {
  const width = shape.features + shape.context;
  const rows = normalRows(n, width, random);
  for (const column of shape.presence) {
    if (column === null) continue;
    for (let i = 0; i < n; i++) rows[i * width + shape.features + column] = (i + column) % 2;
  }
  return rows;
};

/** Values of all parameters of a flow, in the order of `flow.variables`. */
export const flatValues = (flow: Flow): Float64Array =>
  Float64Array.from([...flow.variables.values()].flatMap((parameter) => [...parameter.read()]));
