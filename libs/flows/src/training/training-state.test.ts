import { expect, it } from '@jest/globals';

import { TrainingState } from './training-state.ts';

const rows = { drawn: 1, kept: 1 };

it('averages weights: from 0 towards a constant it misses the product of all β_t = min(β, (1 + t) / (10 + t))', () => {
  const weights = new Float32Array(1);
  const state = new TrainingState(weights, 0.9);
  let missing = 1;
  for (let t = 0; t < 200; t++) {
    weights[0] = 3;
    state.countStep(0, true, rows);
    missing *= Math.min(0.9, (1 + t) / (10 + t));
    expect(state.averaged[0]).toBeCloseTo(3 * (1 - missing), 5);
  }
  state.recordValidation(1);
  expect(state.bestWeights[0]).toBe(state.averaged[0]);
  const before = state.averaged[0];
  weights[0] = 100;
  state.countStep(Number.NaN, false, rows); // a skipped step
  expect(state.averaged[0]).toBe(before);
});

it('without averaging it keeps the weights themselves', () => {
  const weights = Float32Array.of(2);
  const state = new TrainingState(weights, 0);
  weights[0] = 5;
  state.countStep(0, true, rows);
  state.recordValidation(1);
  weights[0] = 6;
  expect([...state.bestWeights]).toEqual([5]);
  expect([...state.averaged]).toEqual([6]);
});
