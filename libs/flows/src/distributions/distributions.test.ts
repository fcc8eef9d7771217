import { beforeAll, describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-core';

import { initBackend } from '../backend.ts';
import { Random } from '../random.ts';
import { normalRows, taken } from '../testing/mathematics.ts';
import { DiagonalNormal } from './diagonal-normal.ts';
import type { Distribution } from './distribution.ts';
import { GaussianMixture } from './gaussian-mixture.ts';
import { logGamma } from './log-gamma.ts';
import { distributionFromConfig } from './registry.ts';
import { StandardNormal } from './standard-normal.ts';
import { StudentT } from './student-t.ts';

beforeAll(() => initBackend('wasm'));

const table: readonly [name: string, make: (features: number) => Distribution][] = [
  ['standardNormal', (features) => new StandardNormal(features)],
  ['diagonalNormal', (features) => new DiagonalNormal({ type: 'diagonalNormal', features })],
  ['studentT', (features) => new StudentT({ type: 'studentT', features, degreesOfFreedom: 5 })],
  [
    'gaussianMixture',
    (features) => new GaussianMixture({ type: 'gaussianMixture', features, components: 3 }, new Random(1)),
  ],
];

/** Moves the parameters away from their initial values. */
function moved(distribution: Distribution): Distribution {
  const random = new Random(2);
  for (const parameter of distribution.variables.values()) {
    parameter.assign(parameter.read().map((value) => value + 0.4 * random.normal()));
  }
  return distribution;
}

const STEP = 0.02;
const line = Float32Array.from({ length: 20_001 }, (_, i) => -200 + STEP * i);

describe.each(table)('%s', (_name, make) => {
  it('integrates to 1 over a line, and its samples have the moments of its density', () => {
    const distribution = moved(make(1));
    const logP = taken(distribution.logProb(tf.tensor2d(line, [line.length, 1])));
    const expectation = (f: (z: number) => number) =>
      logP.reduce((sum, value, i) => sum + Math.exp(value) * STEP * f(line[i]!), 0);
    expect(expectation(() => 1)).toBeCloseTo(1, 4);
    const n = 20_000;
    const samples = taken(distribution.sample(n, new Random(3)));
    for (const f of [(z: number) => z, Math.abs, (z: number) => (z > 1 ? 1 : 0)]) {
      const mean = samples.reduce((sum, z) => sum + f(z), 0) / n;
      const variance = samples.reduce((sum, z) => sum + (f(z) - mean) ** 2, 0) / n;
      expect(Math.abs(mean - expectation(f))).toBeLessThan(4 * Math.sqrt(variance / n) + STEP * 0.3);
    }
  });

  it('gives the density of the observed features alone', () => {
    const distribution = moved(make(2));
    const at = (z: number[], observed?: number[]) =>
      taken(distribution.logProb(tf.tensor2d([z]), undefined, observed && tf.tensor2d([observed])))[0]!;
    // Integrating out the other feature gives the same density.
    const rows = Float32Array.from([...line].flatMap((z) => [0.3, z]));
    const joint = taken(distribution.logProb(tf.tensor2d(rows, [line.length, 2])));
    const marginal = Math.log(joint.reduce((sum, value) => sum + Math.exp(value) * STEP, 0));
    expect(at([0.3, 0], [1, 0])).toBeCloseTo(marginal, 3);
    expect(at([0, 0], [0, 0])).toBeCloseTo(0, 5);
    expect(at([0.3, -1], [1, 1])).toBeCloseTo(at([0.3, -1]), 5);
  });

  it('comes back from its JSON with its parameters, is finite in the tails, and holds no tensors', () => {
    const distribution = moved(make(3));
    const before = tf.memory().numTensors;
    const copy = distributionFromConfig(JSON.parse(JSON.stringify(distribution.config)), new Random(9));
    for (const [name, parameter] of distribution.variables) copy.variables.get(name)!.assign(parameter.read());
    const z = normalRows(20, 3, 4, 1e4);
    const [expected, found] = [taken(distribution.logProb(z)), taken(copy.logProb(z))];
    expect(found).toEqual(expected);
    expect(expected.every((value) => Number.isFinite(value))).toBe(true);
    expect(taken(copy.sample(5, new Random(7)))).toEqual(taken(distribution.sample(5, new Random(7))));
    copy.dispose();
    z.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('StudentT', () => {
  it('is the density of tables: t with 5 degrees at 0 and at 2', () => {
    const distribution = new StudentT({ type: 'studentT', features: 1, degreesOfFreedom: 5 });
    const density = taken(distribution.logProb(tf.tensor2d([[0], [2]]))).map(Math.exp);
    expect(density[0]).toBeCloseTo(8 / (3 * Math.PI * Math.sqrt(5)), 6);
    expect(density[1]).toBeCloseTo(8 / (3 * Math.PI * Math.sqrt(5)) / (1 + 4 / 5) ** 3, 6);
  });

  it('refuses degrees of freedom that are none', () => {
    expect(() => new StudentT({ type: 'studentT', features: 1, degreesOfFreedom: 0 })).toThrow(
      expect.objectContaining({ code: 'FLOWLINE_MODEL_INCOMPATIBLE', where: 'studentT.degreesOfFreedom' }),
    );
  });
});

it('knows log Γ in closed form', () => {
  expect(logGamma(0.5)).toBeCloseTo(Math.log(Math.sqrt(Math.PI)), 13);
  expect(logGamma(1)).toBeCloseTo(0, 13);
  expect(logGamma(6)).toBeCloseTo(Math.log(120), 12);
  expect(logGamma(50.5) - logGamma(49.5)).toBeCloseTo(Math.log(49.5), 12);
});
