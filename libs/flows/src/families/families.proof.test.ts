import { beforeAll, describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-core';

import { initBackend } from '../backend.ts';
import { Inverted } from '../bijectors/inverted.ts';
import { Permutation } from '../bijectors/permutation.ts';
import type { Flow } from '../flow.ts';
import { perturb, taken } from '../testing/mathematics.ts';
import type { FamilyOptions } from './family.ts';
import { glow } from './glow.ts';
import { iaf } from './iaf.ts';
import { maf } from './maf.ts';
import { multiScale } from './multi-scale.ts';
import { naf } from './naf.ts';
import { neuralSpline } from './neural-spline.ts';
import { planar } from './planar.ts';
import { radial } from './radial.ts';
import { realNVP } from './real-nvp.ts';

beforeAll(() => initBackend('wasm'));

const families: readonly [name: string, make: (options: FamilyOptions) => Flow, forward: string, inverse: string][] = [
  ['realNVP', realNVP, 'parallel', 'parallel'],
  ['glow', glow, 'parallel', 'sequential'],
  ['maf', maf, 'parallel', 'sequential'],
  ['iaf', iaf, 'sequential', 'parallel'],
  ['naf', naf, 'parallel', 'iterative'],
  ['planar', planar, 'parallel', 'iterative'],
  ['radial', radial, 'parallel', 'parallel'],
  ['neuralSpline', neuralSpline, 'parallel', 'parallel'],
  [
    'multiScale',
    ({ features, ...options }) => multiScale({ height: 1, width: 1, channels: features, levels: 1, ...options }),
    'parallel',
    'sequential',
  ],
];

describe.each(families)('%s, as its defaults make it', (name, make, forward, inverse) => {
  it('says what both directions cost, and its name', () => {
    const { bijector, config } = make({ features: 3, seed: 1 });
    expect([bijector.forwardCost, bijector.inverseCost]).toEqual([forward, inverse]);
    expect(config.family).toBe(name);
  });

  it('starts at the identity or, where units must differ, near it', () => {
    const x = tf.tensor2d([[0.5, -1, 2]]);
    const [z, logDet] = make({ features: 3, seed: 1 }).bijector.forwardAndLogDet(x);
    const tolerance = name === 'naf' ? 1 : 1e-4;
    taken(tf.sub(z, x)).forEach((difference) => expect(Math.abs(difference)).toBeLessThan(tolerance));
    expect(Math.abs(taken(logDet)[0]!)).toBeLessThan(3 * tolerance);
  });
});

it('does not invert a bijector that moves features', () => {
  expect(() => new Inverted(new Permutation({ type: 'permutation', order: [1, 0] }))).toThrow(
    expect.objectContaining({ code: 'FLOWLINE_MODEL_INCOMPATIBLE', where: 'inverted.bijector' }),
  );
});

const schemes = ['halves', 'alternating', 'random', 'pairs', 'learned'] as const;

describe.each([
  ['realNVP', realNVP],
  ['glow', glow],
  ['neuralSpline', neuralSpline],
])('%s', (_name, make) => {
  it.each(schemes)('takes the partition %s, comes back, and transforms every feature', (scheme) => {
    const flow = perturb(make({ features: 5, layers: 6, hidden: [6], partition: scheme, actNorm: false, seed: 1 }), 2);
    const x = tf.tensor2d([[0.5, -1, 2, 0.1, -0.3]]);
    const z = flow.encode(x);
    taken(tf.sub(flow.decode(z), x)).forEach((difference) => expect(Math.abs(difference)).toBeLessThan(1e-4));
    taken(tf.sub(z, x)).forEach((difference) => expect(Math.abs(difference)).toBeGreaterThan(1e-3));
  });
});
