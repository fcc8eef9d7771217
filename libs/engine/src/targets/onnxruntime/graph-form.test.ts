import { describe, expect, it } from '@jest/globals';
import { initBackend, realNVP } from '@flowline/flows';

import { graphFormOf } from './graph-form.ts';
import { lowerFlow } from '../../lower/flow.ts';
import { randomPlan, typicalShape } from '../../testing/random-plan.ts';

describe('the form of the graph', () => {
  it('is channels on x64, but for wide layers between halves that stay in their places', async () => {
    await initBackend('cpu');
    const halves = (hidden: number): ReturnType<typeof lowerFlow> => {
      const flow = realNVP({ features: 8, layers: 2, hidden: [hidden], partition: 'halves', seed: 1 });
      const plan = lowerFlow(flow);
      flow.dispose();
      return plan;
    };
    expect(graphFormOf(halves(64), 'x64')).toBe('channels');
    expect(graphFormOf(halves(256), 'x64')).toBe('products');
    // Permutations move columns.
    expect(graphFormOf(randomPlan({ ...typicalShape, hidden: [256] }), 'x64')).toBe('channels');
  });

  it('is products on other processors', () => {
    expect(graphFormOf(randomPlan(typicalShape), 'arm64')).toBe('products');
  });
});
