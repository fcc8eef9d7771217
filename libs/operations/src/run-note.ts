import type { TrainingRun } from '@flowline/db';

/** Reason why a run that is open does not go on, or what it waits for; null for none. */
export function noteOf({ status, isLeased, hasTrainer, cancelRequestedAt }: TrainingRun): string | null {
  if (status === 'requested') {
    if (isLeased) return 'Another training of the detector is in progress.';
    if (!hasTrainer) return 'No trainer is running: start one with `flowline serve trainer`.';
    return 'A trainer takes it up as soon as it is free.';
  }
  if (status !== 'running') return null;
  if (!isLeased) return 'Its trainer has stopped without a word; the next trainer that runs settles it.';
  return cancelRequestedAt === null ? null : 'It is being cancelled.';
}
