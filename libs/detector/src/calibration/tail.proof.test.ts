import { describe, expect, it } from '@jest/globals';
import { Random } from '@flowline/flows';
import { bootstrapTail, fitGeneralisedPareto, paretoQuantile, survivals, type GeneralisedPareto } from './tail.ts';

const sample = (law: GeneralisedPareto, n: number, seed: number): Float64Array => {
  const random = new Random(seed);
  return Float64Array.from({ length: n }, () => paretoQuantile(law, Math.log1p(-random.uniform()))).sort();
};

describe('fitGeneralisedPareto', () => {
  it.each([-0.3, 0, 0.3])('recovers shape %p and its scale from a large sample', (shape) => {
    const fitted = fitGeneralisedPareto(sample({ shape, scale: 5 }, 200_000, 1));
    expect(fitted?.shape).toBeCloseTo(shape, 1);
    expect((fitted?.scale ?? 0) / 5).toBeCloseTo(1, 1);
  });
});

describe('bootstrapTail', () => {
  it('spreads around the true tail: most of its survivals at a far exceedance lie about the true one', () => {
    const tail = bootstrapTail(sample({ shape: 0.1, scale: 1 }, 1000, 3), new Random(4));
    expect(tail?.logUnit).toBe(0);
    const y = paretoQuantile({ shape: 0.1, scale: 1 }, Math.log(1e-3));
    const at = survivals(tail ?? { laws: [], logUnit: 0 }, y);
    expect(at).toHaveLength(200);
    expect(at[10]).toBeLessThan(1e-3);
    expect(at[190]).toBeGreaterThan(1e-3);
    expect(at[190]).toBeLessThan(2e-2);
  });
});
