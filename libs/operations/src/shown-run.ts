import type { TrainingRun } from '@flowline/db';

/** Training run as people and programs see it. */
export type ShownRun = Omit<TrainingRun, 'isLeased' | 'hasTrainer'> & {
  /** Reason why an open run waits, or does not go on; null for none. */
  readonly note: string | null;
};

/** Adds to a run what it waits for, in words. */
export function shownRun({ isLeased, hasTrainer, ...run }: TrainingRun): ShownRun {
  return { ...run, note: noteOf({ ...run, isLeased, hasTrainer }) };
}

function noteOf({ status, isLeased, hasTrainer, cancelRequestedAt, retryAt }: TrainingRun): string | null {
  // A run of the schedule that waits for its next attempt has failed until then.
  if (status === 'failed' && retryAt !== null) return nextAttempt(retryAt);
  if (status === 'requested') {
    if (isLeased) return 'Another training of the detector is in progress.';
    if (!hasTrainer) return 'No trainer is running: start one with `flowline serve trainer`.';
    if (retryAt !== null && retryAt.getTime() > Date.now()) return nextAttempt(retryAt);
    return 'A trainer takes it up as soon as it is free.';
  }
  if (status !== 'running') return null;
  if (!isLeased) return 'Its trainer has stopped without a word; the next trainer that runs settles it.';
  return cancelRequestedAt === null ? null : 'It is being cancelled.';
}

const nextAttempt = (retryAt: Date): string => `It is tried again from ${retryAt.toISOString().slice(0, 19)}Z on.`;
