import type { StageProgress } from '@flowline/db';
import type { TrainingProgress } from '@flowline/detector';

import type { Progress } from './progress.ts';
import type { ReportRows } from './history-reading.ts';

/** Phases of a training besides its steps, in words. */
const LABELS = { features: 'features', calibrate: 'calibrate', test: 'test' } as const;

/** Passes progress on to a display, and to where it is stored. */
export function storingProgress(progress: Progress, store: (now: StageProgress) => void): Progress {
  return {
    update: (state) => {
      const { label: stage, share, step = null, steps = null } = state;
      store({ stage, share, step, steps });
      progress.update(state);
    },
    done: () => progress.done(),
  };
}

/** Shows the progress of reading a history, whose number of rows is an estimate. */
export function showReading(progress: Progress): ReportRows {
  return (rows, expected) => {
    const share = Math.min(1, rows / Math.max(rows, expected, 1));
    progress.update({ share, label: 'read', detail: `${rows.toLocaleString('en')} rows` });
  };
}

/** Shows the progress of a training, phase by phase. */
export function showTraining(progress: Progress): (now: TrainingProgress) => void {
  return ({ phase, members, step, steps, trainNll, validationNll, share }) => {
    if (phase !== 'train' && phase !== 'select') {
      progress.update({ share, label: LABELS[phase], detail: '' });
      return;
    }
    const figures = [
      ...(members > 1 && phase === 'train' ? [`${members} members`] : []),
      `step ${step}/${steps}`,
      ...(trainNll === null ? [] : [`train ${trainNll.toFixed(3)}`]),
      ...(validationNll === null ? [] : [`validation ${validationNll.toFixed(3)} nats`]),
    ];
    progress.update({
      share,
      label: phase === 'train' ? 'train' : 'candidates',
      detail: figures.join(' · '),
      step,
      steps,
    });
  };
}
