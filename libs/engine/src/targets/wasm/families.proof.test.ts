import { beforeAll, describe, expect, it } from '@jest/globals';
import {
  fit,
  glow,
  initBackend,
  maf,
  naf,
  neuralSpline,
  planar,
  radial,
  Random,
  realNVP,
  StudentT,
} from '@flowline/flows';
import type { FamilyOptions, Flow } from '@flowline/flows';

import { createReferenceScorer } from '../reference/reference-scorer.ts';
import { createWasmScorer } from './runtime/wasm.ts';
import { lowerFlow } from '../../lower/flow.ts';
import { familyCases } from '../../testing/family-cases.ts';
import { randomizeWeights } from '../../testing/random-flow.ts';
import { randomRows } from '../../testing/random-plan.ts';
import { conditionOf, errorInTolerances, toleranceOf } from '../../select/tolerance.ts';

const ROWS = 41;

/**
 * Largest error of compiled scores against the reference, in units of the tolerance. With
 * `mayBeChaotic` it excludes the error that the rows' own conditioning explains.
 */
const worstError = async (flow: Flow, spread: number, mayBeChaotic: boolean): Promise<number> => {
  const plan = lowerFlow(flow);
  const width = plan.features + plan.context;
  const rows = randomRows(plan, ROWS, new Random(3), spread);
  const [wasm, reference] = [await createWasmScorer(plan), createReferenceScorer(plan)];
  const [scores, exact] = [await wasm.score(rows, ROWS), await reference.score(rows, ROWS)];
  const gradients = mayBeChaotic ? await reference.gradient(rows, ROWS) : new Float32Array(ROWS * plan.features);
  const [latents, exactLatents] = [await wasm.latent(rows, ROWS), await reference.latent(rows, ROWS)];
  const errors = Array.from(exact, (score, i) => {
    const own = Float64Array.from(gradients.subarray(i * plan.features, (i + 1) * plan.features));
    const condition = conditionOf(rows.subarray(i * width, i * width + plan.features), own);
    return errorInTolerances(scores[i]!, score) - condition / toleranceOf(score);
  });
  if (!mayBeChaotic)
    latents.forEach((z, i) => errors.push(Math.abs(z - exactLatents[i]!) / (1e-3 + 1e-4 * Math.abs(z))));
  // A single row gives the same bits as in a batch.
  for (const i of [0, 7, ROWS - 1]) {
    const [alone] = await wasm.score(rows.subarray(i * width, (i + 1) * width), 1);
    if (!Object.is(alone, scores[i])) errors.push(Infinity);
  }
  return Math.max(...errors);
};

describe('compiled families', () => {
  beforeAll(() => initBackend('wasm'));

  describe.each(familyCases)('$name', ({ make, size }) => {
    const shapes: readonly FamilyOptions[] = [
      { features: 1, seed: 5 },
      { features: 2, seed: 5 },
      { features: 5, seed: 5 },
      { features: 8, context: 2, seed: 5 },
      { features: 6, context: 3, presence: [null, 0, 2, null, null, 1], seed: 5 },
    ];
    it.each(shapes)('agrees with the reference, %j', async (options) => {
      const flow = make(options);
      randomizeWeights(flow, 6, size);
      expect(await worstError(flow, 1, true)).toBeLessThanOrEqual(1);
      flow.dispose();
    });
  });

  const trained: readonly (readonly [name: string, features: number, make: (options: FamilyOptions) => Flow])[] = [
    ['realNVP', 6, (options) => realNVP({ layers: 4, hidden: [32, 32], ...options })],
    ['glow', 3, (options) => glow({ layers: 4, hidden: [24], ...options })],
    ['maf', 6, (options) => maf({ layers: 3, hidden: [32], ...options })],
    ['neuralSpline', 3, (options) => neuralSpline({ layers: 2, hidden: [24], ...options })],
    ['naf', 2, (options) => naf({ layers: 2, hidden: [16], units: 4, ...options })],
    ['planar', 3, (options) => planar({ layers: 4, ...options })],
    ['radial', 6, (options) => radial({ layers: 4, ...options })],
    [
      'maf over Student t',
      3,
      (options) => {
        const base = new StudentT({ type: 'studentT', features: options.features, degreesOfFreedom: 4 });
        return maf({ layers: 2, hidden: [16], base, ...options });
      },
    ],
  ];
  it.each(trained)('%s, trained in %d dimensions, agrees near and far, within the tolerance alone', async (...args) => {
    const [, features, make] = args;
    const random = new Random(1);
    const size = 1000;
    const x = new Float32Array(size * features);
    for (let i = 0; i < size; i++) {
      const shared = random.normal();
      for (let j = 0; j < features; j++) x[i * features + j] = 0.6 * shared ** (1 + (j % 2)) + 0.5 * random.normal();
    }
    const flow = make({ features, seed: 2 });
    const train = { x, size };
    await fit(flow, { train, validation: train }, { steps: 60, batchSize: 128, seed: 3, validateEvery: 30 });
    for (const spread of [1, 4, 30]) expect(await worstError(flow, spread, false)).toBeLessThanOrEqual(1);
    flow.dispose();
  });
});
