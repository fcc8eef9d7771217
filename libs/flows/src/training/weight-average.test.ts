import { expect, it } from '@jest/globals';

import { averageInto, averagingShareAt } from './weight-average.ts';

it('averages weights: from 0 towards a constant it misses the product of all β_t = min(β, (1 + t) / (10 + t))', () => {
  const [averaged, weights] = [Float32Array.of(0, -1), Float32Array.of(3, -1)];
  let missing = 1;
  for (let t = 0; t < 200; t++) {
    averageInto(averaged, weights, averagingShareAt(t, 0.9));
    missing *= Math.min(0.9, (1 + t) / (10 + t));
    expect(averaged[0]).toBeCloseTo(3 * (1 - missing), 5);
    expect(averaged[1]).toBe(-1);
  }
});
