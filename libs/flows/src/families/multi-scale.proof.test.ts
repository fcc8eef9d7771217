import { beforeAll, describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-core';

import { initBackend } from '../backend.ts';
import { Chain } from '../bijectors/chain.ts';
import { Split } from '../bijectors/split.ts';
import { loadFlow, saveFlow } from '../checkpoint.ts';
import { Flow } from '../flow.ts';
import { fit } from '../training/fit.ts';
import { Random } from '../random.ts';
import { logDetByAutodiff, normalRows, perturb, taken } from '../testing/mathematics.ts';
import { multiScale } from './multi-scale.ts';

beforeAll(() => initBackend('wasm'));

describe.each([
  { height: 4, width: 4, channels: 1, levels: 3, context: 0 },
  { height: 4, width: 4, channels: 3, levels: 2, context: 2 },
  { height: 2, width: 6, channels: 1, levels: 2, context: 0 },
])('multiScale of $height × $width × $channels images, $levels levels, $context context columns', (options) => {
  const d = options.height * options.width * options.channels;
  const flow = () => perturb(multiScale({ ...options, steps: 2, hidden: [6], seed: 1 }), 2, 0.3);
  const x = () => normalRows(4, d, 3);
  const context = () => (options.context === 0 ? undefined : normalRows(4, options.context, 4));

  it('has the log-det of the autodiff Jacobian, both ways, and comes back', () => {
    const { bijector } = flow();
    const given = context();
    const [z, forward] = bijector.forwardAndLogDet(x(), given);
    const [back, inverse] = bijector.inverseAndLogDet(z, given);
    const expected = logDetByAutodiff((at) => bijector.forwardAndLogDet(at, given)[0], x());
    const [forwardValues, inverseValues] = [taken(forward), taken(inverse)];
    expected.forEach((value, i) => {
      expect(Math.abs(forwardValues[i]! - value)).toBeLessThan(2e-4);
      expect(Math.abs(inverseValues[i]! + value)).toBeLessThan(2e-4);
    });
    taken(tf.sub(back, x())).forEach((difference) => expect(Math.abs(difference)).toBeLessThan(1e-4));
  });

  it('scores the same bit for bit from JSON and from safetensors', () => {
    const original = flow();
    const expected = taken(original.logProb(x(), context()));
    expect(taken(Flow.fromJSON(JSON.parse(JSON.stringify(original))).logProb(x(), context()))).toEqual(expected);
    expect(taken(loadFlow(saveFlow(original)).logProb(x(), context()))).toEqual(expected);
  });
});

describe('multiScale', () => {
  it('lets every pixel decide about every other one', () => {
    const flow = perturb(multiScale({ height: 4, width: 4, channels: 1, steps: 2, hidden: [8], seed: 1 }), 2);
    const z = (at: tf.Tensor2D) => flow.bijector.forwardAndLogDet(at)[0];
    const x = normalRows(1, 16, 3);
    const z0 = taken(z(x));
    const reached = Array.from({ length: 16 }, (_, pixel) => {
      const moved = tf.add<tf.Tensor2D>(x, tf.oneHot(tf.tensor1d([pixel], 'int32'), 16));
      return taken(z(moved)).filter((value, i) => Math.abs(value - z0[i]!) > 1e-6).length;
    });
    reached.forEach((count) => expect(count).toBe(16));
  });

  it('learns images of a class: the density given the right one is higher', async () => {
    // Horizontal or vertical stripes with noise.
    const random = new Random(1);
    const size = 400;
    const x = new Float32Array(16 * size);
    const context = new Float32Array(size);
    for (let i = 0; i < size; i++) {
      context[i] = i % 2;
      for (let p = 0; p < 16; p++) {
        const line = i % 2 === 0 ? Math.floor(p / 4) : p % 4;
        x[16 * i + p] = (line % 2 === 0 ? 1 : -1) + 0.3 * random.normal();
      }
    }
    const flow = multiScale({ height: 4, width: 4, channels: 1, context: 1, steps: 2, hidden: [8], seed: 1 });
    const rows = { x, context, size };
    await fit(flow, { train: rows, validation: rows }, { seed: 1, steps: 60, batchSize: 64, learningRate: 0.01 });
    const mean = (given: (i: number) => number) =>
      taken(
        tf.mean(
          flow.logProb(
            tf.tensor2d(x, [size, 16]),
            tf.tensor2d(
              context.map((_, i) => given(i)),
              [size, 1],
            ),
          ),
        ),
      )[0]!;
    expect(mean((i) => i % 2)).toBeGreaterThan(mean((i) => 1 - (i % 2)) + 5);
  });

  it.each([
    [
      { height: 6, width: 4, channels: 1, levels: 3 },
      'multiScale.height',
      'found 6, expected a multiple of 4 for 3 levels',
    ],
    [
      { height: 4, width: 5, channels: 1, levels: 2 },
      'multiScale.width',
      'found 5, expected a multiple of 2 for 2 levels',
    ],
    [{ height: 4, width: 4, channels: 0 }, 'multiScale.channels', 'found 0, expected a whole number of at least 1'],
    [
      { height: 4, width: 4, channels: 1, levels: 1.5 },
      'multiScale.levels',
      'found 1.5, expected a whole number of at least 1',
    ],
  ])('refuses %o', (options, where, message) => {
    expect(() => multiScale({ ...options, seed: 1 })).toThrow(
      expect.objectContaining({ code: 'FLOWLINE_USAGE', where, message: `${where}: ${message}` }),
    );
  });

  it('refuses images of another size, and networks that do not fit', () => {
    const flow = multiScale({ height: 4, width: 4, channels: 1, seed: 1 });
    expect(() => flow.logProb(tf.zeros([2, 15]))).toThrow(
      expect.objectContaining({
        code: 'FLOWLINE_FEATURES_INVALID',
        message: 'found shape [2, 15], expected [n ≥ 1, 16]',
      }),
    );
    const text = JSON.stringify(flow.config);
    expect(() => Flow.fromConfig(JSON.parse(text.replace('"height":4,"width":4', '"height":4,"width":3')))).toThrow(
      expect.objectContaining({ code: 'FLOWLINE_MODEL_INCOMPATIBLE', where: 'coupling.networks' }),
    );
    expect(() => Flow.fromConfig(JSON.parse(text.replace('"hidden":[32,32]', '"hidden":[]')))).toThrow(
      expect.objectContaining({ code: 'FLOWLINE_MODEL_INCOMPATIBLE', where: 'coupling.networks.net.hidden' }),
    );
  });
});

describe('Split', () => {
  it('puts what goes on first, then the channels that are latents already', () => {
    const split = new Split({ pixels: 2, channels: 3, kept: 1 }, new Chain([]));
    expect([...taken(split.forwardAndLogDet(tf.tensor2d([[1, 2, 3, 4, 5, 6]]))[0])]).toEqual([1, 4, 2, 3, 5, 6]);
    expect([...taken(split.moveObserved(tf.tensor2d([[1, 0, 1, 0, 1, 1]])))]).toEqual([1, 0, 0, 1, 1, 1]);
  });

  it('refuses to keep all or none', () => {
    for (const kept of [0, 2]) {
      expect(() => new Split({ pixels: 2, channels: 2, kept }, new Chain([]))).toThrow(
        expect.objectContaining({ code: 'FLOWLINE_MODEL_INCOMPATIBLE', where: 'split.kept' }),
      );
    }
  });
});
