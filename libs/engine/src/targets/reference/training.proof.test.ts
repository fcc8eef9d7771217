import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { initBackend, Random } from '@flowline/flows';
import type { Flow } from '@flowline/flows';
import fc from 'fast-check';

import { directionalError } from '../../testing/directional-error.ts';
import { familyCases } from '../../testing/family-cases.ts';
import { flowShapes, randomFlow } from '../../testing/flow-arbitrary.ts';
import { trainable } from '../../testing/places.ts';
import { planShapes } from '../../testing/plan-arbitrary.ts';
import { randomizeWeights } from '../../testing/random-flow.ts';
import { randomPlan, randomRows } from '../../testing/random-plan.ts';
import { relativeError } from '../../testing/relative-error.ts';
import { tensorGradient } from '../../testing/tensor-gradient.ts';
import { batchOf, gradientOf, lossOf, roundingError, smoothWeights } from '../../testing/training-batch.ts';
import type { TrainingBatch } from '../../testing/training-batch.ts';

const N = 6;
/** Tolerances: relative to the largest component for float32, to the length for differences. */
const [FLOAT32, DIFFERENCES] = [1e-5, 1e-6];
/** Steps of differences: a long one for rounding, a short one for curvature. */
const STEPS = [1e-6, 1e-8];

const flows: Flow[] = [];
const made = (flow: Flow): Flow => {
  flows.push(flow);
  return flow;
};
beforeAll(() => initBackend('cpu'));
afterEach(() => flows.splice(0).forEach((flow) => flow.dispose()));

/** Error of the tensor library's gradient beyond what rounding of the inputs explains. */
const tensorError = (flow: Flow, batch: TrainingBatch, seed: number): number => {
  const error = relativeError(tensorGradient(flow, batch.rows, N, batch.weights), gradientOf(batch));
  return error < FLOAT32 ? error : error - 4 * roundingError(batch, seed);
};

const differenceError = (batch: TrainingBatch, seed: number): number => {
  const gradient = gradientOf(batch);
  // All rows are near a kink, or nothing has parameters.
  fc.pre(gradient.some((slope) => slope !== 0));
  const errors = STEPS.map((step) => directionalError(lossOf(batch), batch.values, gradient, new Random(seed), step));
  return Math.min(...errors);
};

describe.each(familyCases)('the training gradient of $name', ({ make, size }) => {
  it.each([
    { features: 5, context: 0, presence: [null, null, null, null, null] },
    { features: 3, context: 2, presence: [null, null, null] },
    { features: 4, context: 3, presence: [null, 0, 2, null] },
  ])('is that of the tensor library, %j', (shape) => {
    const flow = made(make({ ...shape, seed: 3 }));
    randomizeWeights(flow, 4, size);
    const batch = batchOf(flow, N, 1e-4, 5);
    expect(batch.weights.filter((weight) => weight > 0).length).toBeGreaterThan(N / 2);
    expect(tensorError(flow, batch, 6)).toBeLessThan(FLOAT32);
  });
});

describe('the training gradient of random flows', () => {
  const activations = ['relu', 'leakyRelu', 'tanh', 'sigmoid', 'elu'] as const;

  it('is that of the tensor library', () => {
    fc.assert(
      fc.property(flowShapes(activations), (shape) => {
        const flow = made(randomFlow(shape));
        expect(tensorError(flow, batchOf(flow, N, 1e-4, shape.seed), shape.seed)).toBeLessThan(FLOAT32);
        flows.splice(0).forEach((each) => each.dispose());
      }),
      { numRuns: 300 },
    );
  });

  it('is that of differences of the loss', () => {
    fc.assert(
      fc.property(flowShapes(activations), (shape) => {
        const batch = batchOf(made(randomFlow(shape)), N, 1e-4, shape.seed);
        expect(differenceError(batch, shape.seed)).toBeLessThan(DIFFERENCES);
        flows.splice(0).forEach((flow) => flow.dispose());
      }),
      { numRuns: 300 },
    );
  });
});

describe('the training gradient of random plans', () => {
  it('is that of differences of the loss', () => {
    fc.assert(
      fc.property(planShapes(6), (shape) => {
        const hidden = shape.hidden.map((width) => Math.min(width, 16));
        const { plan, values } = trainable(randomPlan({ ...shape, hidden }));
        const random = new Random(shape.seed);
        const rows = randomRows(plan.places, N, random);
        const weights = smoothWeights(plan, values, rows, 1e-4, random);
        expect(differenceError({ plan, values, rows, weights }, shape.seed)).toBeLessThan(DIFFERENCES);
      }),
      { numRuns: 150 },
    );
  });
});
