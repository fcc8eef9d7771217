import type { TrainingProgress } from '@flowline/detector';

import type { Progress } from './progress.ts';
import type { ReportRows } from './history-reading.ts';

/** Phases of a training besides its steps, in words. */
const LABELS = { features: 'features', calibrate: 'calibrate', test: 'test' } as const;

/** Shows the progress of reading a history, whose number of rows is an estimate. */
export function showReading(progress: Progress): ReportRows {
  return (rows, expected) => {
    const share = Math.min(1, rows / Math.max(rows, expected, 1));
    progress.update({ share, label: 'read', detail: `${rows.toLocaleString('en')} rows` });
  };
}

/** Shows the progress of a training, phase by phase. */
export function showTraining(progress: Progress): (now: TrainingProgress) => void {
  let validation = NaN;
  return ({ phase, member, members, step, steps, trainNll, validationNll, share }) => {
    if (phase !== 'train') {
      progress.update({ share, label: LABELS[phase], detail: '' });
      return;
    }
    validation = validationNll ?? validation;
    const figures = [
      ...(members > 1 ? [`member ${member}/${members}`] : []),
      `step ${step}/${steps}`,
      ...(trainNll === null ? [] : [`train ${trainNll.toFixed(3)}`]),
      ...(Number.isNaN(validation) ? [] : [`validation ${validation.toFixed(3)} nats`]),
    ];
    progress.update({ share: (member - 1 + step / steps) / members, label: 'train', detail: figures.join(' · ') });
  };
}
