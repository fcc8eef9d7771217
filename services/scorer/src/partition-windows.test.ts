import type { FeatureSpec, StoredWindows } from '@flowline/events';
import { createRecordReader, EntityWindows } from '@flowline/features';
import type { SourceBatch } from '@flowline/stream';
import { silentLogger } from '@flowline/telemetry';
import { describe, expect, it } from '@jest/globals';

import { PartitionWindows, type WindowsMaker } from './partition-windows.ts';

const schemaOf = (events: number): FeatureSpec[] => [
  {
    name: 'before',
    type: 'real',
    from: { lag: { of: 'x', events } },
    role: 'score',
    nullable: true,
    maxLevels: 64,
    period: null,
  },
];

const makerOf = (schema: readonly FeatureSpec[]): WindowsMaker => {
  const entity = { key: ['id'], time: { field: 't', unit: 'ms' } } as const;
  const open = (): EntityWindows => new EntityWindows({ schema, lookups: {}, entity });
  return { id: open().id, open };
};
const schema = schemaOf(1);
const maker = makerOf(schema);

const batchTo = (nextOffset: number, partition = 0): SourceBatch => ({
  topic: 't',
  partition,
  records: [],
  nextOffset,
  done: () => undefined,
});

/** Lets the windows see an event of entity a, and tells what they knew before it. */
function see(windows: EntityWindows, offset: number, x: number): number | null {
  const { table } = createRecordReader(schema, {}).read([{ id: 'a', t: offset, x }], windows.batch([offset], [offset]));
  const value = table.numeric[0] ?? NaN;
  return Number.isNaN(value) ? null : value;
}

class FakeStore {
  stored: StoredWindows | null = null;
  read(): Promise<StoredWindows | null> {
    return Promise.resolve(this.stored);
  }
}

describe('PartitionWindows', () => {
  it('begin empty, and are kept apart by partition', async () => {
    const partitions = new PartitionWindows(new FakeStore(), silentLogger);
    expect(await partitions.assign('t', 0)).toBeNull();
    expect(see(partitions.of(batchTo(1), maker), 0, 7)).toBeNull();
    expect(see(partitions.of(batchTo(2), maker), 1, 8)).toBe(7);
    expect(see(partitions.of(batchTo(2, 1), maker), 1, 9)).toBeNull();
  });

  it('come back from the last snapshot when the partition is assigned again, and say from where to read', async () => {
    const store = new FakeStore();
    const partitions = new PartitionWindows(store, silentLogger);
    await partitions.assign('t', 0);
    const windows = partitions.of(batchTo(1), maker);
    see(windows, 0, 7);
    store.stored = partitions.toStore(batchTo(5), windows, Date.now() + 60_000);
    expect(store.stored).toMatchObject({ id: maker.id, nextOffset: 5 });
    see(partitions.of(batchTo(6), maker), 5, 8); // not stored: it is forgotten with the state
    expect(await partitions.assign('t', 0)).toBe(5);
    expect(see(partitions.of(batchTo(6), maker), 5, 8)).toBe(7);
  });

  it('take a snapshot after many records or a long time, not with every batch', async () => {
    const partitions = new PartitionWindows(new FakeStore(), silentLogger);
    await partitions.assign('t', 0);
    const now = Date.now();
    const due = (nextOffset: number, nowMs: number): boolean => {
      const batch = batchTo(nextOffset);
      return partitions.toStore(batch, partitions.of(batch, maker), nowMs) !== null;
    };
    expect(due(10, now)).toBe(true); // the first: there is none to go back to
    expect(due(20_009, now)).toBe(false);
    expect(due(20_010, now)).toBe(true);
    expect(due(40_009, now)).toBe(false);
    expect(due(40_010, now)).toBe(true);
    expect(due(40_011, now + 29_000)).toBe(false);
    expect(due(40_012, now + 31_000)).toBe(true);
  });

  it('begin anew for a model with other windows', async () => {
    const store = new FakeStore();
    const partitions = new PartitionWindows(store, silentLogger);
    await partitions.assign('t', 0);
    const windows = partitions.of(batchTo(1), maker);
    see(windows, 0, 7);
    store.stored = windows.snapshot();
    const other = makerOf(schemaOf(2));
    await partitions.assign('t', 0);
    const begun = partitions.of(batchTo(2), other);
    expect(begun.size).toBe(0);
    expect(partitions.toStore(batchTo(2), begun)).toMatchObject({ id: other.id, nextOffset: 2 });
  });
});
