import { describe, expect, it } from '@jest/globals';
import { Random } from '@flowline/flows';
import fc from 'fast-check';

import { interpret } from './interpreter.ts';
import { planShapes } from '../../testing/plan-arbitrary.ts';
import { randomPlan, randomRows } from '../../testing/random-plan.ts';

describe('the reference', () => {
  it('has the gradient that differences of the score have', () => {
    fc.assert(
      fc.property(planShapes(8), (shape) => {
        // A kink between the two points would spoil the difference quotient.
        const smooth = shape.activation === 'relu' || shape.activation === 'leakyRelu' ? 'tanh' : shape.activation;
        const plan = randomPlan({ ...shape, activation: smooth });
        const row = [...randomRows(plan, 1, new Random(shape.seed))];
        const gradient = interpret(plan, row).gradient();
        const step = 1e-5;
        gradient.forEach((slope, i) => {
          const moved = (by: number): number =>
            interpret(
              plan,
              row.map((x, j) => (j === i ? x + by : x)),
            ).score;
          const difference = (moved(step) - moved(-step)) / (2 * step);
          expect(Math.abs(slope - difference)).toBeLessThan(1e-4 * (1 + Math.abs(difference)));
        });
      }),
      { numRuns: 60 },
    );
  });
});
