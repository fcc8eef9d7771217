import { expect, it } from '@jest/globals';

import type { DensityData } from './data.ts';
import { rowsOf } from './rows.ts';

const rows = { x: new Float32Array(8), size: 4 };
const data: DensityData = {
  name: 'magic10',
  kind: 'rows',
  features: 2,
  values: 0,
  train: rows,
  validation: rows,
  test: rows,
  trueTestNll: null,
  steps: 1,
  batch: 1,
};
const scored = (...logProb: number[]) => ({ logProb: Float64Array.from(logProb), parameters: 5, steps: 1, seconds: 2 });

it('compares ours with the best peer, and with the best of its family, row by row', () => {
  const found = rowsOf(data, [
    { library: 'flowline', family: 'maf', scored: scored(-1, -2, -3, -4) },
    { library: 'zuko', family: 'maf', scored: scored(-2, -3, -4, -5) },
    { library: 'nflows', family: 'maf', scored: scored(-9, -9, -9, -9) },
    { library: 'zuko', family: 'realNVP', scored: scored(-1, -2, -3, -5) },
  ]);
  expect(found[0]).toMatchObject({
    nll: 2.5,
    againstCounterpart: { mean: -1, standardError: 0 },
    againstBest: { mean: -0.25, standardError: 0.25 },
  });
  expect(found[0]!.standardError).toBeCloseTo(Math.sqrt(5 / 12), 9);
  expect(found[1]).not.toHaveProperty('againstBest');
});
