import { beforeAll, describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-core';

import { initBackend } from './backend.ts';
import type { Bijector } from './bijector.ts';
import { Chain } from './bijectors/chain.ts';
import { registerBijector } from './bijectors/registry.ts';
import { StandardNormal } from './distributions/standard-normal.ts';
import { realNVP } from './families/real-nvp.ts';
import { Flow } from './flow.ts';
import { logProbRows } from './log-prob-rows.ts';
import { normalRows, perturb, taken } from './testing/mathematics.ts';

beforeAll(() => initBackend('wasm'));

const conditional = () => perturb(realNVP({ features: 2, context: 3, layers: 2, hidden: [8], seed: 1 }), 2);

describe('Flow', () => {
  it('starts at the identity: log N(x; 0, I)', () => {
    const flow = realNVP({ features: 3, finalAffine: true, seed: 4 });
    const x = tf.tensor2d([[0.5, -1, 2]]);
    expect(taken(flow.logProb(x))[0]).toBeCloseTo(-0.5 * (0.25 + 1 + 4) - 1.5 * Math.log(2 * Math.PI), 5);
    expect(taken(flow.encode(x))).toEqual(Float32Array.of(0.5, -1, 2));
  });

  it('is conditional: the context changes the density, each row by its own', () => {
    const flow = conditional();
    const x = tf.tensor2d([
      [1, 1],
      [1, 1],
      [1, 1],
    ]);
    const context = tf.tensor2d([
      [1, 0, 0],
      [0, 1, 0],
      [1, 0, 0],
    ]);
    const [first, second, third] = taken(flow.logProb(x, context));
    expect(first).toBe(third);
    expect(Math.abs(first! - second!)).toBeGreaterThan(1e-3);
  });

  it('takes gradients with respect to x and to the context', () => {
    const flow = conditional();
    const [x, context] = [normalRows(1, 2, 5), normalRows(1, 3, 6)];
    const f = (a: tf.Tensor, c: tf.Tensor): tf.Tensor => flow.logProb(tf.reshape(a, [1, 2]), tf.reshape(c, [1, 3]));
    const gradients = tf
      .grads(f)([x, context])
      .map((gradient) => taken(gradient));
    [x, context].forEach((input, which) => {
      const values = input.dataSync();
      values.forEach((_, i) => {
        const moved = (by: number) => {
          const changed = tf.tensor2d(
            values.map((value, j) => (i === j ? value + by : value)),
            [1, values.length],
          );
          return taken(which === 0 ? f(changed, context) : f(x, changed))[0]!;
        };
        const numeric = (8 * (moved(5e-3) - moved(-5e-3)) - (moved(1e-2) - moved(-1e-2))) / 6e-2;
        expect(Math.abs(gradients[which]![i]! - numeric)).toBeLessThan(5e-3 * Math.max(1, Math.abs(numeric)));
      });
    });
  });

  it('samples the same rows for the same seed', () => {
    const flow = perturb(realNVP({ features: 2, layers: 2, seed: 1 }), 3);
    expect(taken(flow.sample(5, { seed: 2 }))).toEqual(taken(flow.sample(5, { seed: 2 })));
    expect(taken(flow.sample(5, { seed: 2 }))).not.toEqual(taken(flow.sample(5, { seed: 3 })));
  });

  it('scores rows in chunks as it scores them at once', async () => {
    const flow = conditional();
    const n = 2500;
    const [x, context] = [normalRows(n, 2, 1), normalRows(n, 3, 2)];
    const rows = Float32Array.from(tf.concat2d([x, context], 1).dataSync());
    const expected = taken(flow.logProb(x, context));
    const found = await logProbRows(flow, rows, n);
    found.forEach((value, i) => expect(Math.abs(value - expected[i]!)).toBeLessThan(1e-4));
    expect(await logProbRows(flow, new Float32Array(), 0)).toHaveLength(0);
    await expect(logProbRows(flow, rows, n + 1)).rejects.toMatchObject({ code: 'FLOWLINE_FEATURES_INVALID' });
  });

  it('gives the same on the cpu backend', async () => {
    const [x, context] = [normalRows(20, 2, 1), normalRows(20, 3, 2)];
    const values = [x.dataSync(), context.dataSync()] as const;
    const json = conditional().toJSON();
    const onWasm = taken(Flow.fromJSON(json).logProb(x, context));
    await initBackend('cpu');
    const onCpu = taken(Flow.fromJSON(json).logProb(tf.tensor2d(values[0], [20, 2]), tf.tensor2d(values[1], [20, 3])));
    await initBackend('wasm');
    onCpu.forEach((value, i) => expect(Math.abs(value - onWasm[i]!)).toBeLessThan(1e-4));
  });

  it('leaks no tensor over 20 calls', () => {
    const flow = perturb(realNVP({ features: 2, layers: 2, hidden: [8], seed: 1 }), 2);
    const x = normalRows(4, 2, 1);
    const before = tf.memory();
    for (let i = 0; i < 20; i++) {
      taken(flow.logProb(x));
      taken(flow.sample(4, { seed: i }));
    }
    const after = tf.memory();
    expect([after.numTensors, after.numBytes]).toEqual([before.numTensors, before.numBytes]);
  });

  it('takes a bijector of your own, and loads flows that hold it', () => {
    class Double implements Bijector {
      readonly config = { type: 'double' };
      readonly inverseCost = 'parallel';
      readonly variables = new Map();
      forwardAndLogDet(x: tf.Tensor2D): [tf.Tensor2D, tf.Tensor1D] {
        return [tf.mul(x, 2), tf.fill([x.shape[0]], x.shape[1] * Math.log(2))];
      }
      inverseAndLogDet(z: tf.Tensor2D): [tf.Tensor2D, tf.Tensor1D] {
        return [tf.div(z, 2), tf.fill([z.shape[0]], -z.shape[1] * Math.log(2))];
      }
      dispose(): void {
        // Holds no resources.
      }
    }
    registerBijector('double', () => new Double());
    expect(() => registerBijector('double', () => new Double())).toThrow(/already registered/);
    const flow = new Flow({
      family: 'mine',
      features: 1,
      context: 0,
      base: new StandardNormal(1),
      bijector: new Chain([new Double()]),
    });
    const again = Flow.fromJSON(flow.toJSON());
    expect(taken(again.logProb(tf.tensor2d([[0]])))[0]).toBeCloseTo(Math.log(2) - 0.5 * Math.log(2 * Math.PI), 6);
  });
});

describe('bad input', () => {
  const plain = realNVPLater();
  const x = () => tf.zeros<tf.Rank.R2>([2, 2]);

  it.each<[string, () => unknown, string, RegExp]>([
    [
      'rows of another width',
      () => plain().logProb(tf.zeros([2, 3])),
      'FLOWLINE_FEATURES_INVALID',
      /\[2, 3\], expected \[n ≥ 1, 2\]/,
    ],
    ['no rows', () => plain().logProb(tf.zeros([0, 2])), 'FLOWLINE_FEATURES_INVALID', /\[0, 2\]/],
    ['a latent of another width', () => plain().decode(tf.zeros([2, 3])), 'FLOWLINE_FEATURES_INVALID', /\[2, 3\]/],
    ['NaN', () => plain().logProb(tf.tensor2d([[0, Number.NaN]])), 'FLOWLINE_FEATURES_INVALID', /NaN/],
    ['infinity', () => plain().encode(tf.tensor2d([[0, Infinity]])), 'FLOWLINE_FEATURES_INVALID', /infinite/],
    ['an undeclared context', () => plain().logProb(x(), x()), 'FLOWLINE_FEATURES_INVALID', /expected none/],
    ['a missing context', () => conditional().logProb(x()), 'FLOWLINE_FEATURES_INVALID', /expected \[2, 3\]/],
    [
      'a context of another height',
      () => conditional().logProb(x(), tf.zeros([1, 3])),
      'FLOWLINE_FEATURES_INVALID',
      /\[1, 3\]/,
    ],
    [
      'a context with NaN',
      () => conditional().logProb(tf.zeros([1, 2]), tf.tensor2d([[0, 0, Number.NaN]])),
      'FLOWLINE_FEATURES_INVALID',
      /NaN/,
    ],
    ['sampling without a seed', () => plain().sample(1, {}), 'FLOWLINE_USAGE', /seed/],
    ['sampling no rows', () => plain().sample(0, { seed: 1 }), 'FLOWLINE_USAGE', /at least 1/],
    [
      'a presence column that is not there',
      () => realNVP({ features: 2, context: 1, presence: [null, 1], seed: 1 }),
      'FLOWLINE_USAGE',
      /below 1/,
    ],
    ['no features', () => realNVP({ features: 0, seed: 1 }), 'FLOWLINE_USAGE', /at least 1/],
    [
      'JSON of something else',
      () => Flow.fromJSON({ config: { format: 'other' }, weights: {} }),
      'FLOWLINE_MODEL_INCOMPATIBLE',
      /"other"/,
    ],
    ['JSON that is none', () => Flow.fromJSON(null), 'FLOWLINE_MODEL_INCOMPATIBLE', /found null, expected an object/],
    ['another version', () => Flow.fromConfig({ ...plain().config, version: 99 }), 'FLOWLINE_MODEL_INCOMPATIBLE', /99/],
    [
      'an unknown bijector',
      () => Flow.fromConfig({ ...plain().config, bijector: { type: 'nope' } }),
      'FLOWLINE_MODEL_INCOMPATIBLE',
      /nope/,
    ],
    [
      'a missing weight',
      () => Flow.fromJSON({ ...plain().toJSON(), weights: {} }),
      'FLOWLINE_MODEL_INCOMPATIBLE',
      /nothing/,
    ],
    [
      'a weight of another length',
      () =>
        Flow.fromJSON({
          ...plain().toJSON(),
          weights: { ...plain().toJSON().weights, 'bijector/actNorm0/shift': 'AAAAAA==' },
        }),
      'FLOWLINE_MODEL_INCOMPATIBLE',
      /found 1 values, expected 2/,
    ],
    [
      'a weight that is not base64',
      () =>
        Flow.fromJSON({
          ...plain().toJSON(),
          weights: { ...plain().toJSON().weights, 'bijector/actNorm0/shift': 'AA*A' },
        }),
      'FLOWLINE_MODEL_CORRUPTED',
      /base64/,
    ],
  ])('%s is a typed error', (_name, act, code, message) => {
    expect(act).toThrow(expect.objectContaining({ name: 'FlowError', code, message: expect.stringMatching(message) }));
  });
});

function realNVPLater(): () => Flow {
  let made: Flow | undefined;
  return () => (made ??= realNVP({ features: 2, layers: 1, hidden: [4], seed: 1 }));
}
