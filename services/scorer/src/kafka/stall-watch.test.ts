import { describe, expect, it } from '@jest/globals';

import { StallWatch } from './stall-watch.ts';

const STALL_MS = 60_000;
const at = (position: number, end: number, partition = 0) => ({ partition, position, end });

/** Verdicts of a check every 10 s at the same state, until `seconds` have passed. */
function verdicts(
  watch: StallWatch,
  seconds: number,
  state: Parameters<StallWatch['check']>[0],
  fromSeconds = 0,
): string[] {
  return Array.from({ length: seconds / 10 + 1 }, (_, i) => watch.check(state, (fromSeconds + i * 10) * 1_000).kind);
}

describe('StallWatch', () => {
  it('suspects after half of the time, and finds stalled after all of it', () => {
    const watch = new StallWatch(STALL_MS);
    const state = { inFlight: 0, partitions: [at(5, 9), at(7, 7, 1), at(1, 9, 2)] };
    expect(verdicts(watch, 60, state)).toEqual([
      ...['moving', 'moving', 'moving', 'suspect', 'suspect', 'suspect', 'stalled'],
    ]);
  });

  it('names the partitions that stand, not those that move or are at their end', () => {
    const watch = new StallWatch(STALL_MS);
    watch.check({ inFlight: 0, partitions: [at(5, 9), at(7, 7, 1), at(1, 9, 2)] }, 0);
    watch.check({ inFlight: 0, partitions: [at(5, 9), at(7, 7, 1), at(3, 9, 2)] }, 25_000);
    const verdict = watch.check({ inFlight: 0, partitions: [at(5, 12), at(7, 7, 1), at(3, 9, 2)] }, 40_000);
    expect(verdict).toEqual({ kind: 'suspect', partitions: [0], forMs: 40_000 });
  });

  it('takes a consumer at its end for well, however long', () => {
    const watch = new StallWatch(STALL_MS);
    expect(new Set(verdicts(watch, 600, { inFlight: 0, partitions: [at(9, 9)] }))).toEqual(new Set(['moving']));
  });

  it('takes a batch in flight for a reason to stand, and counts from its end', () => {
    const watch = new StallWatch(STALL_MS);
    expect(new Set(verdicts(watch, 600, { inFlight: 1, partitions: [at(5, 9)] }))).toEqual(new Set(['moving']));
    expect(verdicts(watch, 40, { inFlight: 0, partitions: [at(5, 9)] }, 610)).not.toContain('stalled');
  });

  it('counts anew after a check that failed', () => {
    const watch = new StallWatch(STALL_MS);
    verdicts(watch, 50, { inFlight: 0, partitions: [at(5, 9)] });
    watch.forget();
    expect(verdicts(watch, 20, { inFlight: 0, partitions: [at(5, 9)] }, 60)).toEqual(['moving', 'moving', 'moving']);
  });

  it('opens a partition anew once at one end of the log, and again when there is more', () => {
    const watch = new StallWatch(STALL_MS);
    const gap = { inFlight: 0, partitions: [at(5, 9)] };
    expect(verdicts(watch, 60, gap).at(-1)).toBe('stalled');
    expect(new Set(verdicts(watch, 600, gap, 70))).toEqual(new Set(['moving']));
    expect(verdicts(watch, 60, { inFlight: 0, partitions: [at(5, 10)] }, 680).at(-1)).toBe('stalled');
  });

  it('forgets partitions that are read elsewhere', () => {
    const watch = new StallWatch(STALL_MS);
    watch.check({ inFlight: 0, partitions: [at(5, 9)] }, 0);
    watch.check({ inFlight: 0, partitions: [] }, 50_000);
    expect(watch.check({ inFlight: 0, partitions: [at(5, 9)] }, 70_000)).toEqual({ kind: 'moving' });
  });
});
