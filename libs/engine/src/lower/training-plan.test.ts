import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { initBackend, Random, realNVP } from '@flowline/flows';
import type { Flow } from '@flowline/flows';

import { lowerFlow } from './flow.ts';
import { lowerTraining } from './training-plan.ts';
import { withValues } from '../plan/training-plan.ts';
import { interpret } from '../targets/reference/interpreter.ts';
import { familyCases } from '../testing/family-cases.ts';
import { flatValues, presentRows, randomizeWeights } from '../testing/random-flow.ts';

describe.each(familyCases)('a training plan of $name', ({ make, size }) => {
  const flows: Flow[] = [];
  beforeAll(() => initBackend('cpu'));
  afterAll(() => flows.forEach((flow) => flow.dispose()));

  it.each([
    { features: 4, context: 0, presence: [null, null, null, null] },
    { features: 1, context: 2, presence: [null] },
    { features: 4, context: 3, presence: [null, 0, 2, null] },
  ])('with the values of the parameters is the flow, %j', (shape) => {
    const flow = make({ ...shape, seed: 3 });
    flows.push(flow);
    randomizeWeights(flow, 4, size);
    const plan = withValues(lowerTraining(flow), flatValues(flow));
    const folded = lowerFlow(flow);
    const width = shape.features + shape.context;
    const rows = presentRows(shape, 5, new Random(5));
    for (let i = 0; i < 5; i++) {
      const row = rows.subarray(i * width, (i + 1) * width);
      const expected = interpret(folded, row);
      const found = interpret(plan, row);
      expect(Math.abs(found.score - expected.score)).toBeLessThan(1e-9 * (1 + Math.abs(expected.score)));
      found.latent.forEach((z, j) => expect(z).toBeCloseTo(expected.latent[j]!, 8));
    }
  });
});

describe('a training plan', () => {
  beforeAll(() => initBackend('cpu'));

  it('has each parameter that counts in one place', () => {
    const flow = realNVP({ features: 5, layers: 3, hidden: [4], residual: true, context: 2, seed: 1 });
    const { places, parameters, decay } = lowerTraining(flow);
    const seen = places.steps.flatMap((step) =>
      step.type === 'linear'
        ? []
        : step.network.layers.flatMap((layer) =>
            layer.type === 'dense' && layer.isFixed !== true ? [...layer.weights, ...layer.bias] : [],
          ),
    );
    const used = seen.filter((place) => place > 0);
    expect(new Set(used).size).toBe(used.length);
    expect([...used].sort((a, b) => a - b)).toEqual(Array.from({ length: parameters }, (_, i) => i + 1));
    const kernels = [...flow.variables.values()].reduce((sum, { decay: is, size }) => sum + (is ? size : 0), 0);
    expect(decay.reduce((sum, is) => sum + is, 0)).toBe(kernels);
    flow.dispose();
  });
});
