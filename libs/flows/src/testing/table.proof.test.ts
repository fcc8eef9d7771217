import { beforeAll, describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-core';

import { initBackend } from '../backend.ts';
import { loadFlow, saveFlow } from '../checkpoint.ts';
import { Flow } from '../flow.ts';
import { fit } from '../training/fit.ts';
import { logDetByAutodiff, normalRows, perturb, taken } from './mathematics.ts';
import { constructors } from './table.ts';

const shapes = [
  { features: 5, context: 0 },
  { features: 4, context: 3 },
  { features: 1, context: 0 },
] as const;

const largest = (values: ArrayLike<number>) => Math.max(1, ...Array.from(values, Math.abs));
const largestDifference = (found: Float32Array, expected: ArrayLike<number>) =>
  Math.max(...found.map((value, i) => Math.abs(value - expected[i]!)));

beforeAll(() => initBackend('wasm'));

describe.each(constructors)('$name', (constructor) => {
  const made = (features: number, context: number, layers?: number) =>
    perturb(constructor.make({ features, context, seed: 1, ...(layers === undefined ? {} : { layers }) }), 2);
  const contextOf = (n: number, context: number) => (context === 0 ? undefined : normalRows(n, context, 4));

  it.each(shapes)('log-det equals the autodiff Jacobian both ways: $features features, $context context', (shape) => {
    const flow = made(shape.features, shape.context);
    const x = normalRows(6, shape.features, 3, 1.5);
    const context = contextOf(6, shape.context);
    const [z, forward] = flow.bijector.forwardAndLogDet(x, context);
    const [, inverse] = flow.bijector.inverseAndLogDet(z, context);
    const expectedForward = logDetByAutodiff((at) => flow.bijector.forwardAndLogDet(at, context)[0], x);
    const expectedInverse = logDetByAutodiff((at) => flow.bijector.inverseAndLogDet(at, context)[0], z);
    const [forwardValues, inverseValues] = [taken(forward), taken(inverse)];
    expectedForward.forEach((expected, i) => {
      expect(Math.abs(forwardValues[i]! - expected)).toBeLessThan(1e-4);
      expect(Math.abs(inverseValues[i]! - expectedInverse[i]!)).toBeLessThan(1e-4);
      expect(Math.abs(forwardValues[i]! + inverseValues[i]!)).toBeLessThan(1e-4);
    });
  });

  it('comes back from x and from z at 16 layers, also for data × 100', () => {
    const flow = perturb(constructor.make({ features: 6, context: 2, seed: 1, layers: 16 }), 2, 0.1);
    const context = contextOf(50, 2);
    for (const scale of [1, 100]) {
      const x = normalRows(50, 6, 5, scale);
      const z = flow.encode(x, context);
      const [back, again] = [taken(flow.decode(z, context)), taken(flow.encode(flow.decode(z, context), context))];
      const unit = scale === 1 ? 1 : largest(x.dataSync());
      expect(largestDifference(back, x.dataSync()) / unit).toBeLessThan(1e-5);
      // Latents are as large as the flow makes them, so the error is relative.
      expect(largestDifference(again, z.dataSync()) / largest(z.dataSync())).toBeLessThan(1e-5);
    }
  });

  it('is finite in the tails, and falls towards them where scales are bounded', () => {
    const flow = made(6, 0);
    const medians = [1, 3, 10, 100, 1e4].map((scale) => {
      const logP = taken(flow.logProb(normalRows(51, 6, 6, scale)));
      expect(logP.every((value) => Number.isFinite(value))).toBe(true);
      return logP.sort()[25]!;
    });
    if (constructor.bounded) medians.slice(1).forEach((median, i) => expect(median).toBeLessThan(medians[i]!));
  });

  it('scores the same bit for bit from JSON and from safetensors, whose bytes are always the same', () => {
    const flow = made(4, 2);
    const x = normalRows(20, 4, 7);
    const context = contextOf(20, 2)!;
    const expected = taken(flow.logProb(x, context));
    const fromJson = Flow.fromJSON(JSON.parse(JSON.stringify(flow)));
    expect(taken(fromJson.logProb(x, context))).toEqual(expected);
    const loaded = loadFlow(saveFlow(flow));
    expect(taken(loaded.logProb(x, context))).toEqual(expected);
    expect(saveFlow(loaded)).toEqual(saveFlow(flow));
    expect([...loaded.variables.keys()]).toEqual([...flow.variables.keys()]);
  });

  it('is the same flow for the same seed', () => {
    const [first, again] = [1, 1].map((seed) => saveFlow(constructor.make({ features: 4, context: 2, seed })));
    expect(first).toEqual(again);
    const flow = made(4, 2);
    const context = contextOf(3, 2)!;
    expect(taken(flow.sample(3, { seed: 5, context }))).toEqual(taken(flow.sample(3, { seed: 5, context })));
  });

  it('has the same weights, bit for bit, after the same training', async () => {
    const trained = async () => {
      const flow = constructor.make({ features: 3, context: 0, seed: 1, layers: 2 });
      if (flow.parameterCount > 0) {
        const rows = { x: Float32Array.from(normalRows(64, 3, 9).dataSync()), size: 64 };
        await fit(flow, { train: rows, validation: rows }, { seed: 1, steps: 3, batchSize: 16 });
      }
      return saveFlow(flow);
    };
    expect(await trained()).toEqual(await trained());
  });

  it('leaks no tensor over 20 calls, and frees what it holds', () => {
    const [x, context] = [normalRows(2, 3, 8), contextOf(2, 2)!];
    const flow = made(3, 2, 2);
    const before = tf.memory();
    for (let i = 0; i < 20; i++) {
      taken(flow.logProb(x, context));
      taken(flow.sample(2, { seed: i, context }));
      const z = flow.encode(x, context);
      taken(flow.decode(z, context));
      z.dispose();
    }
    const after = tf.memory();
    expect([after.numTensors, after.numBytes]).toEqual([before.numTensors, before.numBytes]);
    const other = made(4, 2);
    const held = tf.memory().numTensors;
    other.dispose();
    made(4, 2).dispose();
    expect(held - tf.memory().numTensors).toBeGreaterThanOrEqual(other.variables.size);
  });

  it('refuses rows, contexts and files that do not fit, and says what it found and what it expected', () => {
    const flow = constructor.make({ features: 3, context: 2, seed: 1 });
    const plain = constructor.make({ features: 3, context: 0, seed: 1 });
    const [x, context] = [normalRows(2, 3, 8), contextOf(2, 2)!];
    const attempts: [() => unknown, RegExp][] = [
      [() => flow.logProb(normalRows(2, 4, 8), context), /found shape \[2, 4\], expected \[n ≥ 1, 3\]/],
      [() => flow.encode(normalRows(2, 2, 8), context), /found shape \[2, 2\], expected \[n ≥ 1, 3\]/],
      [() => flow.decode(normalRows(2, 4, 8), context), /found shape \[2, 4\], expected \[n ≥ 1, 3\]/],
      [() => flow.logProb(x, normalRows(2, 3, 8)), /found shape \[2, 3\], expected \[2, 2\]/],
      [() => flow.logProb(x), /found no context, expected \[2, 2\]/],
      [() => flow.sample(2, { seed: 1 }), /found no context, expected \[2, 2\]/],
      [() => plain.logProb(x, context), /found a context of shape \[2, 2\], expected none/],
      [() => plain.logProb(tf.tensor2d([[0, Number.NaN, 0]])), /NaN/],
      [() => plain.decode(tf.tensor2d([[0, Infinity, 0]])), /infinite/],
    ];
    for (const [act, message] of attempts) {
      expect(act).toThrow(
        expect.objectContaining({ code: 'FLOWLINE_FEATURES_INVALID', message: expect.stringMatching(message) }),
      );
    }
    const bytes = saveFlow(flow);
    const cut = bytes.subarray(0, -2);
    // The header ends in spaces; in the configuration a single changed letter is enough.
    const damaged = Buffer.from(Buffer.from(bytes).toString('latin1').replace('family', 'familY'), 'latin1');
    for (const unusable of [cut, damaged]) {
      expect(() => loadFlow(unusable)).toThrow(expect.objectContaining({ code: 'FLOWLINE_MODEL_CORRUPTED' }));
    }
  });

  it('gives the density of the observed features alone', () => {
    if (!constructor.supportsMissing) return;
    // Feature 1 is observed where context column 0 is 1, feature 3 where column 2 is 1.
    const presence = [null, 0, null, 2];
    const flow = perturb(constructor.make({ features: 4, context: 3, seed: 1, presence }), 2);
    const rows = [0.3, -1, 0.7, 1.2];
    const context = tf.tensor2d([[0, 0.4, 1]]);
    const at = (hidden: number) => tf.tensor2d([[rows[0]!, hidden, rows[2]!, rows[3]!]]);
    const expected = taken(flow.logProb(at(0), context));
    for (const hidden of [5, -1e6, Number.NaN]) expect(taken(flow.logProb(at(hidden), context))).toEqual(expected);
    expect(taken(flow.decode(flow.encode(at(7), context), context))[1]).toBe(0);
    // log-det over the observed features: the Jacobian without the missing row and column.
    const observed = tf.tensor2d([[1, 0, 1, 1]]);
    const three = tf.tensor2d([[rows[0]!, rows[2]!, rows[3]!]]);
    const embed = (x: tf.Tensor2D) =>
      tf.concat2d([tf.slice(x, [0, 0], [1, 1]), tf.zeros([1, 1]), tf.slice(x, [0, 1], [1, 2])], 1);
    const movedAt = taken(tf.clone(flow.bijector.moveObserved?.(observed) ?? observed));
    const keep = [0, 1, 2, 3].filter((j) => movedAt[j] === 1);
    const [expectedLogDet] = logDetByAutodiff((x) => {
      const z = flow.bijector.forwardAndLogDet(embed(x), context, observed)[0];
      return tf.concat(
        keep.map((j) => tf.slice(z, [0, j], [1, 1])),
        1,
      );
    }, three);
    const [z, logDet] = flow.bijector.forwardAndLogDet(at(0), context, observed);
    expect(Math.abs(taken(logDet)[0]! - expectedLogDet!)).toBeLessThan(1e-4);
    const latents = taken(z);
    latents.forEach((value, j) => expect(movedAt[j] === 1 || value === 0).toBe(true));
    const base = latents.reduce((sum, value) => sum - 0.5 * value * value, -1.5 * Math.log(2 * Math.PI));
    expect(expected[0]! - (base + expectedLogDet!)).toBeCloseTo(0, 4);
  });
});
