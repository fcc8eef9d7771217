import { describe, expect, it } from '@jest/globals';

import { trainingLines } from './training-lines.ts';

const member = (losses: readonly number[]): Parameters<typeof trainingLines>[0][number] => ({
  ...{ steps: 300, bestStep: 200, bestValidationNll: Math.min(...losses), stoppedBy: 'patience' },
  ...{ skippedSteps: 0, trimmedShare: 0 },
  curves: losses.map((validationNll, i) => ({ step: 100 * i, trainNll: validationNll, validationNll })),
});

describe('trainingLines', () => {
  it('draws the validation loss of each flow, and none of one that took no steps', () => {
    expect(trainingLines([member([8, 4.5, 1, 1.5]), member([])])).toEqual([
      'validation █▅▁▂ 8.000 → 1.000 nats at step 200',
    ]);
  });
});
