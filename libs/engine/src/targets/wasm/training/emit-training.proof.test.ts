import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { initBackend } from '@flowline/flows';
import type { Flow } from '@flowline/flows';
import fc from 'fast-check';

import { compiledGradient } from '../../../testing/compiled-gradient.ts';
import { familyCases } from '../../../testing/family-cases.ts';
import { flowShapes, randomFlow } from '../../../testing/flow-arbitrary.ts';
import { randomizeWeights } from '../../../testing/random-flow.ts';
import { relativeError } from '../../../testing/relative-error.ts';
import { batchOf, roundingError } from '../../../testing/training-batch.ts';
import type { TrainingBatch } from '../../../testing/training-batch.ts';
import { trainingGradient } from '../../reference/training.ts';

/** Rows: three panels, the last one with five rows. */
const ROWS = 37;
/** Relative to the largest component of the gradient. */
const FLOAT32 = 1e-5;

const flows: Flow[] = [];
const made = (flow: Flow): Flow => {
  flows.push(flow);
  return flow;
};
beforeAll(() => initBackend('cpu'));
afterEach(() => flows.splice(0).forEach((flow) => flow.dispose()));

/** Errors of the module's scores and gradient beyond what rounding of its inputs explains. */
const errorsOf = (batch: TrainingBatch, seed: number, fused?: boolean): { score: number; gradient: number } => {
  const { plan, values, rows, weights } = batch;
  const expected = trainingGradient(plan, values, rows, weights.length, weights);
  const found = compiledGradient(batch, fused);
  const error = relativeError(found.gradient, expected.gradient);
  return {
    score: Math.max(
      ...found.logP.map((logP, i) => Math.abs(logP - expected.logP[i]!) / (1 + Math.abs(expected.logP[i]!))),
    ),
    gradient: error < FLOAT32 ? error : error - 4 * roundingError(batch, seed),
  };
};

describe.each(familyCases)('the training module of $name', ({ make, size }) => {
  it.each([
    { features: 5, context: 0, presence: [null, null, null, null, null] },
    { features: 1, context: 2, presence: [null] },
    { features: 4, context: 3, presence: [null, 0, 2, null] },
  ])('has the scores and the gradient of the reference, %j', (shape) => {
    const flow = made(make({ ...shape, seed: 3 }));
    randomizeWeights(flow, 4, size);
    const { score, gradient } = errorsOf(batchOf(flow, ROWS, 1e-4, 5), 6);
    expect(score).toBeLessThan(3e-4);
    expect(gradient).toBeLessThan(FLOAT32);
  });
});

describe('the training module of random flows', () => {
  const activations = ['relu', 'leakyRelu', 'tanh', 'sigmoid', 'elu'] as const;

  it.each([true, false])('has the gradient of the reference, with fused multiply-add: %s', (fused) => {
    fc.assert(
      fc.property(flowShapes(activations), (shape) => {
        const flow = made(randomFlow(shape));
        const { gradient } = errorsOf(batchOf(flow, ROWS, 1e-4, shape.seed), shape.seed, fused);
        expect(gradient).toBeLessThan(FLOAT32);
        flows.splice(0).forEach((each) => each.dispose());
      }),
      { numRuns: 80 },
    );
  });

  it('leaves out rows of weight 0, and the places of a last panel without rows', () => {
    const flow = made(randomFlow(fc.sample(flowShapes(['relu']), { numRuns: 1, seed: 7 })[0]!));
    const batch = batchOf(flow, ROWS, 0, 1);
    const none = compiledGradient({ ...batch, weights: new Float64Array(ROWS) });
    expect(none.gradient.every((slope) => slope === 0)).toBe(true);
  });
});
