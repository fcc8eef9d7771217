import type { FeatureSpec } from '@flowline/events';
import { createRecordReader } from '@flowline/features';
import { jsonRecord, type SourceBatch } from '@flowline/stream';
import { silentLogger } from '@flowline/telemetry';
import { describe, expect, it } from '@jest/globals';

import { decode } from './decode.ts';
import { createDecoder } from '../decoding/record-decoder.ts';
import { valuesOf } from '../decoding/decoder-in-force.ts';
import { PartitionIds } from '../ids/partition-ids.ts';
import { throughIds, type WithIds } from '../ids/through-ids.ts';
import { FakeIdStore } from '../testing/fake-id-store.ts';
import { PartitionWindows } from '../windows/partition-windows.ts';
import { windowsMaker } from '../windows/windows-maker.ts';
import { type EventsWithPast, throughWindows } from '../windows/through-windows.ts';
import { recordFormats } from '../decoding/formats.ts';
import { FakeWindowStore } from '../testing/fake-window-store.ts';

const schema: readonly FeatureSpec[] = [
  {
    ...{ name: 'before', type: 'real', from: { lag: { of: 'x' } }, role: 'score' },
    ...{ nullable: true, maxLevels: 64, period: null },
  },
];
const source = { kafka: null, time: { field: 't', unit: 'ms' }, key: ['id'], eventId: null } as const;
const format = recordFormats.json();
const reader = {
  format,
  windows: windowsMaker({ schema, lookups: {}, entity: { key: ['id'], time: source.time } }),
  decode: createDecoder(source, format, createRecordReader(schema, {}), 10_000),
  inForce: null,
};

function batchOf(first: number, ids: readonly string[], partition = 0): SourceBatch {
  return {
    ...{ topic: 't', topicId: null, partition, fromOffset: first, nextOffset: first + ids.length },
    records: ids.map((id, i) => jsonRecord(first + i, { id, t: first + i, x: first + i })),
    done: () => undefined,
  };
}

describe('the events of an entity that another partition holds', () => {
  it('are dead letters as often as they come, leave no trace in windows, and hold up nobody', async () => {
    const store = new FakeWindowStore();
    store.claims.set('b', 1);
    const partitions = new PartitionWindows(store, silentLogger, { every: { records: 1, ms: 1e9 } });
    const first = await throughWindows(partitions, decode)({ source: batchOf(0, ['a', 'b', 'a', 'b']), reader });
    expect(first.events.deadLetters).toMatchObject([
      {
        offset: 1,
        reason: 'scattered_entity',
        message: expect.stringContaining('entity b arrive in t[0] and in t[1]'),
      },
      { offset: 3, reason: 'scattered_entity' },
    ]);
    expect(first.events.deadLetters[0]?.value).toEqual(batchOf(0, ['a', 'b']).records[1]?.value);
    expect([...first.events.offsets]).toEqual([0, 2]);
    expect([...first.events.table.numeric]).toEqual([NaN, 0]);
    expect(first.entities?.names).toEqual(['a', 'a']);
    // Their day was noted when they were claimed.
    expect(first.entities?.seen).toEqual([]);

    // In a later batch, and in a process that takes over from the snapshot.
    store.stored = first.entities?.windows ?? null;
    const heir = new PartitionWindows(store, silentLogger);
    await heir.assign('t', 0, { position: 4, low: 0 });
    for (const worker of [partitions, heir]) {
      const next = await throughWindows(worker, decode)({ source: batchOf(4, ['b', 'a', 'c']), reader });
      expect(next.events.deadLetters.map(({ offset }) => offset)).toEqual([4]);
      expect([...next.events.table.numeric]).toEqual([2, NaN]);
    }
    // In their own partition, they are events.
    const other = await throughWindows(partitions, decode)({ source: batchOf(0, ['b', 'b'], 1), reader });
    expect([...other.events.table.numeric]).toEqual([NaN, 0]);
  });
});

describe('repeats of an event', () => {
  const ofEntity = createDecoder({ ...source, eventId: 'event' }, format, createRecordReader(schema, {}), 10_000);
  const withIds = { ...reader, decode: ofEntity, repeats: { field: 'event', windowMs: 1_000, maxIds: 100 } };
  const batch = (first: number, events: readonly string[]): SourceBatch => ({
    ...batchOf(first, []),
    nextOffset: first + events.length,
    records: events.map((event, i) => jsonRecord(first + i, { id: 'a', event, t: first + i, x: Number(event) })),
  });

  it('are not seen by windows, nor when records are read again to fill them', async () => {
    const [ids, windows] = [new FakeIdStore(), new FakeWindowStore()];
    const worker = (): ((source: SourceBatch) => Promise<EventsWithPast & WithIds>) => {
      const partitions = new PartitionWindows(windows, silentLogger, { every: { records: 1e9, ms: 1e9 } });
      const read = throughIds(new PartitionIds(ids), throughWindows(partitions, decode));
      return (of) => read({ source: of, reader: withIds });
    };
    const before = ({ events }: EventsWithPast): number[] => [...events.table.numeric];
    const first = worker();
    const [one, two] = [batch(0, ['1', '2', '2']), batch(3, ['3', '1', '4'])];
    const stored = await first(one);
    expect(before(stored)).toEqual([NaN, 1]);
    ids.commit({ nextOffset: 3, ...(stored.ids && { ids: stored.ids }) });
    expect(before(await first(two))).toEqual([2, 3]);
    // Another worker reads from the beginning, behind the fence.
    const second = worker();
    expect(before(await second(one))).toEqual([NaN, 1]);
    const decoded = await second(two);
    expect(before(decoded)).toEqual([2, 3]);
    expect(decoded.ids?.duplicates).toMatchObject([{ offset: 4, eventId: '1', firstOffset: 0 }]);
  });

  it('do not count those of another partition, which may be sent again', async () => {
    const windows = new FakeWindowStore();
    windows.claims.set('a', 1);
    const partitions = new PartitionWindows(windows, silentLogger);
    const read = throughIds(new PartitionIds(new FakeIdStore()), throughWindows(partitions, decode));
    await read({ source: batch(0, ['1']), reader: withIds });
    windows.claims.set('a', 0);
    const { events, ids } = await read({ source: batch(1, ['1', '1']), reader: withIds });
    expect([...events.offsets]).toEqual([1]);
    expect(ids?.duplicates).toMatchObject([{ offset: 2, firstOffset: 1 }]);
  });
});

describe('a model of other features than those in force', () => {
  const plain = { nullable: false, maxLevels: 64, period: null } as const;
  const next: readonly FeatureSpec[] = ['x', 'y'].map((name) => ({
    name,
    type: 'real',
    from: name,
    role: 'score',
    ...plain,
  }));
  const inForce = {
    detectorVersion: 2,
    windows: null,
    repeats: null,
    decode: createDecoder(source, format, createRecordReader(next, {}), 10_000),
  };

  it('has its events read both ways; those that lack something are still scored', async () => {
    const partitions = new PartitionWindows(new FakeWindowStore(), silentLogger);
    const read = throughWindows(partitions, decode);
    const batch = batchOf(0, ['a', 'a', 'b', 'a']);
    const records = batch.records.map(({ offset }) =>
      jsonRecord(offset, { id: 'a', t: offset, x: offset, ...(offset === 1 ? {} : { y: 10 + offset }) }),
    );
    const { events, inForce: found } = await read({ source: { ...batch, records }, reader: { ...reader, inForce } });
    expect([...events.table.numeric]).toEqual([NaN, 0, 1, 2]);
    expect(events.deadLetters).toEqual([]);
    expect(found && valuesOf(events, found)).toEqual({
      ...{ detectorVersion: 2, numericWidth: 2, levels: [], levelWidth: 0 },
      numeric: Float64Array.of(0, 10, 2, 12, 3, 13),
      rows: Int32Array.of(0, -1, 1, 2),
    });
  });
});
