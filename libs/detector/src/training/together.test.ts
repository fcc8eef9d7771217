import { describe, expect, it } from '@jest/globals';
import { turn } from '@flowline/events';

import { together, type Job } from './together.ts';

/** Jobs that note their begin and end, and end after so many turns of the event loop. */
function notingJobs(turns: readonly number[], notes: string[]): Job[] {
  return turns.map((count, i) => async (signal) => {
    notes.push(`begin ${i}`);
    for (let n = 0; n < count; n++) await turn(signal);
    notes.push(`end ${i}`);
  });
}

describe('together', () => {
  it('begins jobs in order, each when one before it has ended, at most so many at once', async () => {
    const notes: string[] = [];
    await together(notingJobs([1, 5, 1, 1], notes), 2, undefined);
    expect(notes).toEqual([...['begin 0', 'begin 1', 'end 0', 'begin 2', 'end 2', 'begin 3', 'end 3', 'end 1']]);
  });

  it('aborts the others when one fails, begins no more, and rejects with the first error', async () => {
    const notes: string[] = [];
    const [slow, , never] = notingJobs([1000, 0, 1], notes);
    const failing: Job = async () => {
      await turn();
      throw new Error('the first');
    };
    await expect(together([slow!, failing, never!], 2, undefined)).rejects.toThrow('the first');
    expect(notes).toEqual(['begin 0']);
  });

  it('aborts all with its signal', async () => {
    const notes: string[] = [];
    const stop = new AbortController();
    const working = together(notingJobs([1000, 1000, 1], notes), 2, stop.signal);
    await turn();
    stop.abort(new Error('enough'));
    await expect(working).rejects.toThrow('enough');
    expect(notes).toEqual(['begin 0', 'begin 1']);
  });
});
