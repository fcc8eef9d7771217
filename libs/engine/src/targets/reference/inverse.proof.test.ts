import { at } from '@flowline/events';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { initBackend, Random } from '@flowline/flows';

import { canInvert, invert } from './inverse.ts';
import { interpret } from './interpreter.ts';
import { lowerFlow } from '../../lower/flow.ts';
import type { Plan } from '../../plan/plan.ts';
import { type FamilyCase, familyCases } from '../../testing/family-cases.ts';
import { normalRows, randomizeWeights } from '../../testing/random-flow.ts';

const [D, C] = [5, 3];
const presence = [null, 0, null, 2, null];
const INVERTED = /^(realNVP|glow|maf|neuralSpline|naf)/;

const planOf = ({ make, size }: FamilyCase): Plan => {
  const flow = make({ features: D, context: C, presence, seed: 3 });
  try {
    randomizeWeights(flow, 7, size);
    return lowerFlow(flow);
  } finally {
    flow.dispose();
  }
};
const cases = familyCases.map((each) => [each.name, each] as const);

beforeAll(() => initBackend('cpu'));

describe('the inverse of a plan', () => {
  it.each(cases.filter(([name]) => INVERTED.test(name)))(
    'takes latents of %s back to where they came from, with features missing, and far outside',
    (name, each) => {
      const plan = planOf(each);
      expect(canInvert(plan)).toBe(true);
      // A map with unbounded scales may shrink a far value below the resolution of float64.
      const far = name.includes('unbounded') ? 2 : 20;
      const rows = normalRows(40, D + C, new Random(5));
      for (let i = 0; i < 40; i++) {
        const row = [...rows.subarray(i * (D + C), (i + 1) * (D + C))].map((value) => value * (i % 4 === 3 ? far : 1));
        const context = row.slice(D).map((value, column) => (column === 1 ? value : value > -0.5 ? 1 : 0));
        const x = row.slice(0, D).map((value, d) => {
          const column = presence[d] ?? null;
          return column === null || context[column] === 1 ? value : 0;
        });
        const back = invert(plan, interpret(plan, [...x, ...context]).latent, context);
        x.forEach((value, d) => expect(Math.abs(at(back, d) - value)).toBeLessThan(1e-7 * (1 + Math.abs(value))));
      }
    },
  );

  it.each(cases.filter(([name]) => !INVERTED.test(name)))('of %s is left to the flow itself', (_name, each) => {
    const plan = planOf(each);
    expect(canInvert(plan)).toBe(false);
    expect(() => invert(plan, new Float64Array(D), new Float64Array(C))).toThrow(RangeError);
  });
});
