import { describe, expect, it } from '@jest/globals';
import type { FitProgress } from '@flowline/flows';

import { runProgress } from './run-progress.ts';
import type { TrainingProgress } from './training-spec.ts';

const at = (step: number, trainNll: number, validationNll: number | null): FitProgress => ({
  ...{ step, steps: 100, trainNll, validationNll, learningRate: 1, gradientNorm: 1, skippedSteps: 0 },
});

describe('runProgress', () => {
  it('adds the steps of trainings side by side, takes the means of their losses, and never goes back', () => {
    const shown: Partial<TrainingProgress>[] = [];
    const [first, second] = runProgress(2, 100, (now) => shown.push(now));
    first!.show(at(50, 4, 3));
    second!.show(at(50, 2, null));
    second!.show(at(100, 2, 1));
    second!.end();
    // Stopped early: the steps that it did not need are done.
    first!.end();
    const none = { steps: 200 };
    expect(shown).toEqual([
      { ...none, step: 50, share: 0.25, trainNll: 4, validationNll: 3 },
      { ...none, step: 100, share: 0.5, trainNll: 3, validationNll: 3 },
      { ...none, step: 150, share: 0.75, trainNll: 3, validationNll: 2 },
      { ...none, step: 150, share: 0.75, trainNll: 3, validationNll: 2 },
      { ...none, step: 200, share: 1, trainNll: 3, validationNll: 2 },
    ]);
  });
});
