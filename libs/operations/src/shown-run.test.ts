import type { TrainingRun } from '@flowline/db';
import { describe, expect, it } from '@jest/globals';

import { shownRun } from './shown-run.ts';

const run = (parts: Partial<TrainingRun>): TrainingRun =>
  ({
    status: 'requested',
    isLeased: false,
    hasTrainer: true,
    cancelRequestedAt: null,
    retryAt: null,
    ...parts,
  }) as TrainingRun;

describe('the note of a run', () => {
  const later = new Date(Date.now() + 3_600_000);

  it('names the time of the next attempt, of a request and of a run of the schedule', () => {
    const words = `It is tried again from ${later.toISOString().slice(0, 19)}Z on.`;
    expect(shownRun(run({ retryAt: later })).note).toBe(words);
    expect(shownRun(run({ status: 'failed', retryAt: later })).note).toBe(words);
    expect(shownRun(run({ status: 'failed', retryAt: later }))).toMatchObject({ retryAt: later });
  });

  it('says what a request waits for once that time has come', () => {
    const note = 'A trainer takes it up as soon as it is free.';
    expect(shownRun(run({ retryAt: new Date(Date.now() - 1_000) })).note).toBe(note);
    expect(shownRun(run({})).note).toBe(note);
    expect(shownRun(run({ status: 'failed' })).note).toBeNull();
  });
});
