import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { initBackend, Random, realNVP } from '@flowline/flows';
import type { Flow } from '@flowline/flows';

import { trainingGradient } from './training.ts';
import { lowerTraining } from '../../lower/training-plan.ts';
import { directionalError } from '../../testing/directional-error.ts';
import { familyCases } from '../../testing/family-cases.ts';
import { flatValues, randomizeWeights } from '../../testing/random-flow.ts';
import { batchOf, gradientOf, lossOf } from '../../testing/training-batch.ts';

const N = 5;
const shapes = [
  { features: 4, context: 0, presence: [null, null, null, null] },
  { features: 1, context: 2, presence: [null] },
  { features: 4, context: 3, presence: [null, 0, 2, null] },
] as const;

describe.each(familyCases)('the training gradient of $name', ({ make, size }) => {
  const flows: Flow[] = [];
  beforeAll(() => initBackend('cpu'));
  afterEach(() => flows.splice(0).forEach((flow) => flow.dispose()));

  it.each(shapes)('is the one that differences of the loss have, %j', (shape) => {
    const flow = make({ ...shape, seed: 3 });
    flows.push(flow);
    randomizeWeights(flow, 4, size);
    const batch = batchOf(flow, N, 1e-3, 5);
    const error = directionalError(lossOf(batch), batch.values, gradientOf(batch), new Random(6), 1e-5);
    expect(error).toBeLessThan(1e-8);
  });
});

describe('the training gradient', () => {
  beforeAll(() => initBackend('cpu'));

  it('has no part of a row of weight 0, whatever its values are', () => {
    const flow = realNVP({ features: 2, layers: 2, hidden: [4], scaleBound: null, inputClip: null, seed: 1 });
    randomizeWeights(flow, 2);
    const [plan, values] = [lowerTraining(flow), flatValues(flow)];
    const huge = 1e38;
    const found = trainingGradient(plan, values, [0.3, -0.7, huge, -huge, 1.1, 0.2], 3, [0.5, 0, 0.25]);
    const expected = trainingGradient(plan, values, [0.3, -0.7, 1.1, 0.2], 2, [0.5, 0.25]);
    expect(found.gradient).toEqual(expected.gradient);
    expect(found.logP[1]).toBeLessThan(-1e70);
    flow.dispose();
  });

  it('is of the mean over the rows by default', () => {
    const flow = realNVP({ features: 2, layers: 2, hidden: [4], seed: 1 });
    randomizeWeights(flow, 2);
    const [plan, values, rows] = [lowerTraining(flow), flatValues(flow), [0.3, -0.7, 1.1, 0.2]];
    expect(trainingGradient(plan, values, rows, 2)).toEqual(trainingGradient(plan, values, rows, 2, [0.5, 0.5]));
    flow.dispose();
  });
});
