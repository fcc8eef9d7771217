import { expect, it } from '@jest/globals';

import { TrainingRecord } from './training-record.ts';

const taken = (nll: number) => ({ nll, gradientNorm: 1, kept: 3, isTaken: true });
const skipped = { nll: Number.NaN, gradientNorm: Number.NaN, kept: 0, isTaken: false };

it('keeps the weights of the best validation, and counts those since then', () => {
  const record = new TrainingRecord(Float32Array.of(0));
  expect([...record.bestWeights]).toEqual([0]);
  for (const [nll, weight] of [
    [2, 1],
    [1, 2],
    [1 - 1e-5, 3], // smaller by rounding
    [Number.NaN, 4],
  ] as const) {
    record.countStep(taken(nll), 4);
    record.recordValidation(nll, record.isBest(nll) ? Float32Array.of(weight) : undefined);
  }
  expect([...record.bestWeights]).toEqual([2]);
  expect(record.counters).toMatchObject({ step: 4, sinceBest: 2, bestStep: 2, drawnRows: 16, keptRows: 12 });
  expect(record.report(4)).toMatchObject({ bestValidationNll: 1, stoppedEarly: false, trimmedShare: 0.25 });
});

it('has the mean of the finite losses since the last validation', () => {
  const record = new TrainingRecord(new Float32Array());
  record.countStep(taken(100), 1);
  record.recordValidation(1, undefined);
  expect(record.trainNll).toBeNaN();
  for (const step of [taken(2), skipped, taken(5)]) record.countStep(step, 1);
  expect(record.trainNll).toBe(3.5);
  expect(record.counters).toMatchObject({ step: 4, skippedSteps: 1 });
});
