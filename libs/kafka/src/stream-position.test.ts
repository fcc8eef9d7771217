import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { firstOffset, readingPosition, type StoredStream, streamVerdict } from './stream-position.ts';

const ends = (...highs: readonly number[]) => new Map(highs.map((high, partition) => [partition, { low: 0, high }]));
const stored = (topicId: string | null, ...next: readonly number[]): StoredStream => ({
  topicId,
  next: new Map(next.entries()),
});
const log$ = fc.tuple(fc.nat({ max: 50 }), fc.nat({ max: 50 })).map(([low, length]) => ({ low, high: low + length }));

describe('streamVerdict', () => {
  it('tells a topic that was never read from one whose partitions were added', () => {
    expect(streamVerdict(stored(null), { topicId: 'a', ends: ends(5, 5) })).toEqual({ kind: 'new' });
    expect(streamVerdict(stored('a', 3), { topicId: 'a', ends: ends(5, 5, 0) })).toEqual({
      kind: 'same',
      appeared: [1, 2],
    });
  });

  it('takes a topic that was refilled beyond what is stored for another one by its id', () => {
    expect(streamVerdict(stored('a', 3), { topicId: 'b', ends: ends(100) })).toEqual({ kind: 'recreated' });
  });

  it.each([null, 'a'])('without both ids goes by ends that lie before what is stored (stored id %s)', (topicId) => {
    const now = topicId === null ? 'a' : null;
    const verdict = (...highs: readonly number[]) =>
      streamVerdict(stored(topicId, 3, 4), { topicId: now, ends: ends(...highs) });
    expect(verdict(3, 4)).toEqual({ kind: 'same', appeared: [] });
    expect(verdict(3, 3)).toEqual({ kind: 'recreated' });
    expect(verdict(9)).toEqual({ kind: 'recreated' });
  });

  it('says which logs of the same topic have lost their ends', () => {
    expect(streamVerdict(stored('a', 3, 4, 5), { topicId: 'a', ends: ends(3, 2, 1) })).toEqual({
      kind: 'cut',
      partitions: [1, 2],
    });
  });
});

describe('firstOffset', () => {
  it('is an end of the log, or the offset of a time within what the log holds', () => {
    const log = { low: 5, high: 9 };
    expect([firstOffset('earliest', log), firstOffset('latest', log), firstOffset(7, log)]).toEqual([5, 9, 7]);
    expect([firstOffset(1, log), firstOffset(12, log)]).toEqual([5, 9]);
  });
});

describe('readingPosition', () => {
  it('never skips or repeats a record without saying so', () => {
    fc.assert(
      fc.property(log$, fc.nat({ max: 120 }), (log, next) => {
        const { offset, lostFrom } = readingPosition(next, log);
        expect([offset, lostFrom]).toEqual(next < log.low ? [log.low, next] : [next, null]);
      }),
    );
  });
});
