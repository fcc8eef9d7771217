import type { FitProgress } from '@flowline/flows';

import type { TrainingProgress } from './training-spec.ts';

/** Progress of one of several trainings that run side by side. */
export interface RunProgress {
  readonly show: (progress: FitProgress) => void;
  /** Called when the training has ended: steps that it did not need count as done. */
  readonly end: () => void;
}

/**
 * Progress of trainings side by side as that of one: the steps of all together, and the means of
 * their latest losses.
 * @param steps maximum number of steps per training.
 */
export function runProgress(
  runs: number,
  steps: number,
  report: (now: Partial<TrainingProgress>) => void,
): readonly RunProgress[] {
  const done = new Array<number>(runs).fill(0);
  const trainNlls = new Map<number, number>();
  const validationNlls = new Map<number, number>();
  const tell = (): void => {
    const step = done.reduce((sum, each) => sum + each, 0);
    const losses = { trainNll: mean(trainNlls.values()), validationNll: mean(validationNlls.values()) };
    report({ share: step / (runs * steps), step, steps: runs * steps, ...losses });
  };
  return done.map((_, run) => ({
    show: ({ step, trainNll, validationNll }) => {
      done[run] = step;
      trainNlls.set(run, trainNll);
      if (validationNll !== null) validationNlls.set(run, validationNll);
      tell();
    },
    end: () => {
      done[run] = steps;
      tell();
    },
  }));
}

function mean(values: Iterable<number>): number | null {
  const all = [...values];
  return all.length === 0 ? null : all.reduce((sum, value) => sum + value, 0) / all.length;
}
