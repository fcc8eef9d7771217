import { beforeAll, describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-core';

import { initBackend } from '../backend.ts';
import type { Parameter } from '../parameter.ts';
import { Random } from '../random.ts';
import { normalRows, taken } from '../testing/mathematics.ts';
import { Made } from './made.ts';

beforeAll(() => initBackend('wasm'));

const order = [2, 0, 3, 1];
const outputsPerFeature = 3;
const madeWith = (context: number, hidden: readonly number[], residual = false) => {
  const net = { hidden, activation: 'tanh', residual } as const;
  const made = new Made({ order, context, outputsPerFeature, net }, new Random(1));
  const random = new Random(2);
  // Every entry is perturbed, including the masked ones.
  const shaken = (parameter: Parameter) => parameter.read().map((value) => value + random.normal());
  for (const parameter of made.variables.values()) parameter.assign(shaken(parameter));
  return made;
};

/** ∂ output / ∂ input of one row. */
function jacobian(made: Made, x: tf.Tensor2D, context?: tf.Tensor2D): number[][] {
  return Array.from({ length: made.outputs }, (_, output) => {
    const of = (at: tf.Tensor) =>
      tf.sum(tf.slice(made.apply(tf.reshape<tf.Rank.R2>(at, x.shape), context), [0, output], [1, 1]));
    return [...taken(tf.grad(of)(x))];
  });
}

describe('Made', () => {
  it.each([
    { context: 0, hidden: [], residual: false },
    { context: 0, hidden: [9], residual: false },
    { context: 2, hidden: [9, 9], residual: true },
  ])('depends on earlier features alone, exactly, and on all of them: %o', ({ context, hidden, residual }) => {
    const made = madeWith(context, hidden, residual);
    const given = context > 0 ? normalRows(1, context, 4) : undefined;
    jacobian(made, normalRows(1, order.length, 3), given).forEach((row, output) => {
      const feature = Math.floor(output / outputsPerFeature);
      row.forEach((partial, input) => {
        const isEarlier = order.indexOf(input) < order.indexOf(feature);
        expect(partial === 0).toBe(!isEarlier);
      });
    });
  });

  it('lets every feature see the context, the first one too', () => {
    const made = madeWith(2, [9]);
    const x = normalRows(1, order.length, 3);
    const outputs = [1, 2].map((seed) => taken(made.apply(x, normalRows(1, 2, seed))));
    outputs[0]!.forEach((value, i) => expect(value).not.toBe(outputs[1]![i]));
  });

  it('starts with zeros where it is masked, and keeps gradients of masked entries exactly 0', () => {
    const net = { hidden: [6, 6], activation: 'relu', residual: false } as const;
    const made = new Made({ order, context: 0, outputsPerFeature, net }, new Random(1));
    const w1 = made.variables.get('w1')!;
    const { grads } = tf.variableGrads(
      () => tf.sum<tf.Scalar>(tf.square(madeWithLastLayer(made).apply(normalRows(5, 4, 6)))),
      [...made.variables.values()].map(({ value }) => value),
    );
    const values = w1.read();
    const gradient = taken(grads[w1.value.name]!);
    // Hidden degrees cycle through 1, 2, 3.
    values.forEach((value, at) => {
      const [from, to] = [Math.floor(at / 6) % 3, (at % 6) % 3];
      if (from > to) expect([value, gradient[at]]).toEqual([0, 0]);
      else expect(value).not.toBe(0);
    });
    expect(gradient.some((value) => value !== 0)).toBe(true);
  });

  it('refuses an order that is none', () => {
    const net = { hidden: [], activation: 'relu', residual: false } as const;
    const options = { order: [0, 0, 1], context: 0, outputsPerFeature: 1, net };
    expect(() => new Made(options, new Random(1))).toThrow(
      expect.objectContaining({ code: 'FLOWLINE_MODEL_INCOMPATIBLE' }),
    );
  });
});

/** The same network with a nonzero last layer, so that gradients reach the others. */
function madeWithLastLayer(made: Made): Made {
  const last = made.variables.get('w2')!;
  last.assign(last.read().fill(0.3));
  return made;
}
