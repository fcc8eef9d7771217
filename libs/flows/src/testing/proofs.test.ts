import { beforeAll, describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-core';

import { initBackend } from '../backend.ts';
import { loadFlow, saveFlow } from '../checkpoint.ts';
import { Flow } from '../flow.ts';
import { logDetByAutodiff, normalRows, perturb, taken } from './mathematics.ts';
import { constructors } from './table.ts';

const shapes = [
  { features: 5, context: 0 },
  { features: 4, context: 3 },
  { features: 1, context: 0 },
] as const;

/** The largest difference, relative to the largest value where that is above 1. */
function largestError(found: Float32Array, expected: ArrayLike<number>): number {
  const size = Math.max(1, ...Array.from(expected, Math.abs));
  return Math.max(...found.map((value, i) => Math.abs(value - expected[i]!))) / size;
}

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
      expect(largestError(taken(flow.decode(z, context)), x.dataSync())).toBeLessThan(1e-5);
      expect(largestError(taken(flow.encode(flow.decode(z, context), context)), z.dataSync())).toBeLessThan(1e-5);
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
    const bytes = [1, 1, 2].map((seed) => saveFlow(constructor.make({ features: 4, context: 2, seed })));
    expect(bytes[0]).toEqual(bytes[1]);
  });

  it('leaks no tensor', () => {
    const [x, context] = [normalRows(8, 4, 8), contextOf(8, 2)!];
    const flow = made(4, 2);
    const before = tf.memory().numTensors;
    for (let i = 0; i < 5; i++) {
      taken(flow.logProb(x, context));
      taken(flow.sample(8, { seed: i, context }));
      taken(flow.decode(flow.encode(x, context), context));
    }
    // decode was given a tensor that stays the caller's
    expect(tf.memory().numTensors - before).toBe(5);
    const other = made(4, 2);
    const held = tf.memory().numTensors;
    other.dispose();
    made(4, 2).dispose();
    expect(held - tf.memory().numTensors).toBeGreaterThanOrEqual(other.variables.size);
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
