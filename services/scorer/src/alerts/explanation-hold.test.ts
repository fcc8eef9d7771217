import { describe, expect, it } from '@jest/globals';

import { ExplanationHold } from './explanation-hold.ts';

/** Looks at queues, each after some milliseconds. */
function looks(...steps: readonly (readonly [afterMs: number, queue: string])[]): (number | null)[] {
  let nowMs = 5_000;
  const hold = new ExplanationHold(() => nowMs);
  return steps.map(([afterMs, queue]) => {
    nowMs += afterMs;
    return hold.look(queue);
  });
}

describe('the hold of messages that wait for their explanation', () => {
  it('is a minute, for which the relay itself has looked at the queue', () => {
    expect(looks([0, 'a'], [30_000, 'a'], [29_999, 'a'], [1, 'a'], [59_999, 'a'])).toEqual([
      ...[null, null, null],
      ...[60_000, 60_000],
    ]);
  });

  it('begins again after a break, and for another queue', () => {
    expect(looks([0, 'a'], [30_000, 'a'], [30_000, 'a'], [0, 'b'], [60_000, 'a'], [30_000, 'a'])).toEqual([
      ...[null, null, 60_000],
      ...[null, null, null],
    ]);
  });
});
