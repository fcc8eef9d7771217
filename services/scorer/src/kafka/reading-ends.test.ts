import type { PartitionLag } from '@flowline/kafka';
import { describe, expect, it } from '@jest/globals';

import { ReadingEnds } from './reading-ends.ts';

const lag = (stored: number, end: number, partition = 0, position = stored): PartitionLag => ({
  ...{ partition, stored, position, end },
  records: Math.max(0, end - position),
});

describe('the times up to which partitions are stored', () => {
  it('are those of the look where nothing lags', () => {
    const ends = new ReadingEnds();
    expect(ends.look([lag(5, 5), lag(0, 0, 1)], 3, 100)).toEqual([
      { partition: 0, untilMs: 100 },
      { partition: 1, untilMs: 100 },
    ]);
  });

  it('advance in a partition that always has a few records more', () => {
    const ends = new ReadingEnds();
    expect(ends.look([lag(95, 100)], 1, 10)).toEqual([]);
    expect(ends.look([lag(195, 200)], 1, 20)).toEqual([{ partition: 0, untilMs: 10 }]);
    expect(ends.look([lag(295, 300)], 1, 30)).toEqual([{ partition: 0, untilMs: 20 }]);
    expect(ends.look([lag(300, 300)], 1, 40)).toEqual([{ partition: 0, untilMs: 40 }]);
  });

  it('stay while the reader is behind an end that was asked for, however far it has come', () => {
    const ends = new ReadingEnds();
    ends.look([lag(0, 1_000)], 1, 10);
    expect(ends.look([lag(500, 2_000)], 1, 20)).toEqual([]);
    expect(ends.look([lag(999, 3_000)], 1, 30)).toEqual([]);
    expect(ends.look([lag(1_000, 4_000)], 1, 40)).toEqual([{ partition: 0, untilMs: 10 }]);
    expect(ends.look([lag(3_999, 5_000)], 1, 50)).toEqual([]);
  });

  it('are not those of hidden records while batches are in flight', () => {
    const ends = new ReadingEnds();
    expect(ends.look([lag(3, 8, 0, 8)], 1, 10)).toEqual([]);
    expect(ends.look([lag(3, 9, 0, 8)], 1, 20)).toEqual([]);
    expect(ends.look([lag(3, 9, 0, 8)], 0, 30)).toEqual([{ partition: 0, untilMs: 10 }]);
  });

  it('say nothing of a partition that was read by another process meanwhile', () => {
    const ends = new ReadingEnds();
    ends.look([lag(0, 5)], 1, 10);
    ends.look([], 0, 20);
    expect(ends.look([lag(6, 9)], 1, 30)).toEqual([]);
  });
});
