import type { TrainingCurves } from '@flowline/charts/report';
import type { MemberReport } from '@flowline/detector';

/** Training curves of each flow; fitted ones, which take no steps, have none. */
export const trainingCurves = (members: readonly MemberReport[]): readonly TrainingCurves[] =>
  members
    .filter(({ curves }) => curves.length > 0)
    .map(({ curves, bestStep, stoppedBy }) => ({
      train: curves.map(({ step, trainNll }) => ({ x: step, y: trainNll })),
      validation: curves.map(({ step, validationNll }) => ({ x: step, y: validationNll })),
      ...{ bestStep, stoppedBy: STOPPED_BY[stoppedBy] },
    }));

const STOPPED_BY: Readonly<Record<MemberReport['stoppedBy'], string>> = {
  patience: 'patience',
  steps: 'its maximum of steps',
  time: 'its time limit',
  fitted: 'fitting',
};
