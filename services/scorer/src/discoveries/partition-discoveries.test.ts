import { lordThresholds, partitionWealth } from '@flowline/detector';
import { advanceDiscoveries, at, type BatchDiscoveries, type DiscoveryState, newDiscoveries } from '@flowline/events';
import type { SourceBatch } from '@flowline/stream';
import { describe, expect, it } from '@jest/globals';

import { PartitionDiscoveries } from './partition-discoveries.ts';

const LEVEL = 0.1;
const values = Float64Array.from({ length: 60 }, (_, i) => (i % 7 === 3 ? 1e-9 : 0.001 + i / 100));

/** Batch of the records [from, to). */
const batchOf = (from: number, to: number, partition = 0): SourceBatch => ({
  ...{ topic: 't', topicId: null, partition, fromOffset: from, nextOffset: to, records: [], done: () => undefined },
});

/** A store whose fence and state the test sets, and discoveries over it. */
function setUp(partition = 0) {
  const stored = { nextOffset: 0, state: null as DiscoveryState | null, reads: 0 };
  const read = () => {
    stored.reads++;
    return Promise.resolve({ nextOffset: stored.nextOffset, state: stored.state });
  };
  const discoveries = new PartitionDiscoveries({ read });
  const decide = (from: number, to: number, level = LEVEL): Promise<BatchDiscoveries> => {
    const offsets = Float64Array.from({ length: to - from }, (_, i) => from + i);
    return discoveries.decide(batchOf(from, to, partition), level, { offsets, pValues: values.subarray(from, to) });
  };
  return { stored, decide, pass: (from: number, to: number) => discoveries.pass(batchOf(from, to, partition)) };
}

const thresholdsOf = (partition: number, from: number, to: number): Float64Array =>
  lordThresholds(partitionWealth(LEVEL, partition), newDiscoveries(LEVEL), values.subarray(from, to));

/** State after the records [from, to) were tested as the first ones. */
const stateAfter = (from: number, to: number): DiscoveryState =>
  advanceDiscoveries(newDiscoveries(LEVEL), thresholdsOf(0, from, to), values.subarray(from, to));

describe('discoveries of a partition', () => {
  it('go on from batch to batch, before either is stored, and are read once', async () => {
    const { stored, decide } = setUp(2);
    const batches = [await decide(0, 20), await decide(20, 21), await decide(21, 60)];
    expect(batches.flatMap(({ thresholds }) => [...thresholds])).toEqual([...thresholdsOf(2, 0, 60)]);
    expect(stored.reads).toBe(1);
    expect(at(batches, 0)).toMatchObject({ follows: null, decidedFrom: 0, refused: 0 });
    expect(at(batches, 1).follows).toEqual(at(batches, 1).before);
  });

  it('begin with what is stored, and do not test what lies below the fence', async () => {
    const { stored, decide } = setUp();
    Object.assign(stored, { nextOffset: 30, state: stateAfter(0, 30) });
    const { thresholds, follows, decidedFrom } = await decide(20, 40);
    expect([...thresholds]).toEqual([...new Float64Array(10), ...thresholdsOf(0, 0, 40).subarray(30)]);
    expect({ follows, decidedFrom }).toEqual({ follows: stateAfter(0, 30), decidedFrom: 30 });
    const next = await decide(40, 60);
    expect([...next.thresholds]).toEqual([...thresholdsOf(0, 0, 60).subarray(40)]);
  });

  it('are read again where a batch does not follow the one before', async () => {
    const { stored, decide } = setUp();
    await decide(0, 20);
    Object.assign(stored, { nextOffset: 40, state: stateAfter(0, 40) });
    const { thresholds } = await decide(40, 60);
    expect([...thresholds]).toEqual([...thresholdsOf(0, 0, 60).subarray(40)]);
    expect(stored.reads).toBe(2);
  });

  it('are refused where records before the batch are neither stored nor known', async () => {
    const { stored, decide } = setUp();
    stored.nextOffset = 10;
    await expect(decide(20, 30)).rejects.toMatchObject({ code: 'FLOWLINE_DISCOVERIES_BEHIND', retryable: true });
  });

  it('begin anew with another level, behind what is stored', async () => {
    const { decide } = setUp();
    await decide(0, 20);
    const { follows, before, thresholds } = await decide(20, 40, 0.2);
    expect({ follows, before }).toEqual({ follows: stateAfter(0, 20), before: newDiscoveries(0.2) });
    const wealth = partitionWealth(0.2, 0);
    expect([...thresholds]).toEqual([...lordThresholds(wealth, newDiscoveries(0.2), values.subarray(20, 40))]);
  });

  it('go on behind batches that a fixed alpha has decided', async () => {
    const { stored, decide, pass } = setUp();
    await decide(0, 20);
    pass(20, 30);
    const { follows } = await decide(30, 40);
    expect(follows).toEqual(stateAfter(0, 20));
    expect(stored.reads).toBe(1);
  });
});
