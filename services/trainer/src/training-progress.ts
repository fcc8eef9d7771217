import type { TrainingProgress } from '@flowline/detector';

import type { Progress } from './progress.ts';

/** Shows the progress of a training. The bar covers its steps only; the other phases are short. */
export function showTraining(progress: Progress): (now: TrainingProgress) => void {
  let validation = NaN;
  return ({ phase, member, members, step, steps, trainNll, validationNll }) => {
    if (phase !== 'train') return;
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
