import type { Steps } from '@flowline/events';
import { describe, expect, it } from '@jest/globals';

import { gradientEmission } from './emit-gradient.ts';
import { scoreEmission } from './emit-score.ts';
import { randomPlan, typicalShape } from '../../testing/random-plan.ts';
import { planValidation } from '../../plan/validate-plan.ts';

/** Number of times that a computation yields. */
const pauses = (work: Steps<unknown>): number => {
  let count = 0;
  while (work.next().done !== true) count++;
  return count;
};

describe('making a kernel', () => {
  const plan = randomPlan({ ...typicalShape, hidden: [8], couplings: 6 });
  const steps = plan.steps.length;
  const options = { fused: false, capacity: 64 };

  it('can be put off after every step, of the tile and of the single row, and before the module is put together', () => {
    expect(pauses(planValidation(plan))).toBe(steps);
    expect(pauses(scoreEmission(plan, options))).toBe(2 * steps + 1);
    expect(pauses(gradientEmission(plan, options))).toBe(steps + 1);
  });
});
