import { beforeAll, describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-core';

import { initBackend } from '../backend.ts';
import { logProbRows } from '../log-prob-rows.ts';
import { fit } from '../training/fit.ts';
import { mixtureRows } from './data.ts';
import { perturb, taken } from './mathematics.ts';
import { constructors } from './table.ts';

const HALF_WIDTH = 7;
const POINTS = 141;
const STEP = (2 * HALF_WIDTH) / (POINTS - 1);
const grid = Float64Array.from({ length: POINTS }, (_, i) => -HALF_WIDTH + i * STEP);

beforeAll(() => initBackend('wasm'));

describe.each(constructors.filter(({ trained }) => trained))('$name, trained', (constructor) => {
  it('integrates to 1, and its samples have the moments of the density', async () => {
    const flow = constructor.make({ features: 2, context: 0, seed: 1, layers: 3 });
    await fit(
      flow,
      { train: mixtureRows(4000, 1), validation: mixtureRows(500, 2) },
      { seed: 1, steps: 60, learningRate: 0.01, batchSize: 96, validateEvery: 30 },
    );
    const rows = Float32Array.from([...grid].flatMap((a) => [...grid].flatMap((b) => [a, b])));
    const density = (await logProbRows(flow, rows, POINTS * POINTS)).map((logP) => Math.exp(logP) * STEP * STEP);
    const expectation = (f: (a: number, b: number) => number) =>
      density.reduce((sum, p, i) => sum + p * f(rows[2 * i]!, rows[2 * i + 1]!), 0);
    expect(Math.abs(expectation(() => 1) - 1)).toBeLessThan(1e-2);

    const n = 4000;
    const samples = taken(flow.sample(n, { seed: 3 }));
    const statistics: ((a: number, b: number) => number)[] = [
      (a) => a,
      (_, b) => b,
      (a) => a * a,
      (_, b) => b * b,
      (a, b) => a * b,
    ];
    for (const f of statistics) {
      const values = Array.from({ length: n }, (_, i) => f(samples[2 * i]!, samples[2 * i + 1]!));
      const mean = values.reduce((sum, value) => sum + value, 0) / n;
      const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / n;
      expect(Math.abs(mean - expectation(f))).toBeLessThan(4 * Math.sqrt(variance / n));
    }
    flow.dispose();
  });
});

describe('a flow with a missing feature', () => {
  it('integrates to 1 over the observed ones', async () => {
    const presence = [null, 0];
    const detector = constructors.find(({ name }) => name.includes('detector'))!;
    const flow = perturb(detector.make({ features: 2, context: 1, seed: 1, presence }), 5);
    const rows = Float32Array.from([...grid].flatMap((a) => [a, 123, 0]));
    const density = (await logProbRows(flow, rows, POINTS)).map((logP) => Math.exp(logP));
    expect(Math.abs(density.reduce((sum, p) => sum + p, 0) * STEP - 1)).toBeLessThan(1e-3);
  });

  it('agrees between sampleAndLogProb and logProb, with and without missing features', () => {
    const flow = perturb(constructors[3]!.make({ features: 3, context: 2, seed: 1, presence: [null, 1, null] }), 6);
    const context = tf.tensor2d([
      [0.3, 1],
      [0.3, 0],
    ]);
    const [x, logProb] = flow.sampleAndLogProb(2, { seed: 4, context });
    const expected = taken(flow.logProb(x, context));
    expect(taken(x)[4]).toBe(0);
    taken(logProb).forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 4));
  });
});
