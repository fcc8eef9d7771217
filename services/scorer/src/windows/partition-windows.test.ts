import { at } from '@flowline/events';
import type { FeatureSpec, StoredWindows } from '@flowline/events';
import { createRecordReader, EntityWindows, WindowMemory } from '@flowline/features';
import type { SourceBatch } from '@flowline/stream';
import { type Logger, silentLogger } from '@flowline/telemetry';
import { describe, expect, it } from '@jest/globals';

import { PartitionWindows } from './partition-windows.ts';
import type { WindowsBeginning, WindowsMaker } from './windows-maker.ts';
import { FakeWindowStore } from '../testing/fake-window-store.ts';
import { checkWindowSchedules } from '../testing/window-schedules.ts';

const START = { position: 0, low: 0 } as const;

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
  const open = (beginning?: WindowsBeginning): EntityWindows =>
    new EntityWindows({ schema, lookups: {}, entity, ...beginning });
  return { id: open().id, open };
};
const schema = schemaOf(1);
const maker = makerOf(schema);

const countSchema: readonly FeatureSpec[] = [
  { ...schemaOf(1)[0]!, from: { rolling: { statistic: 'count', over: '1h' } } },
];
const counting = makerOf(countSchema);

const batchTo = (nextOffset: number, partition = 0, fromOffset = 0): SourceBatch => ({
  topic: 't',
  topicId: null,
  partition,
  fromOffset,
  records: [],
  nextOffset,
  done: () => undefined,
});

/** Shows the windows an event of entity a; returns the value that they knew before it. */
function see(windows: EntityWindows, offset: number, x: number): number | null {
  const { table } = createRecordReader(schema, {}).read([{ id: 'a', t: offset, x }], windows.batch([offset], [offset]));
  const value = at(table.numeric, 0);
  return Number.isNaN(value) ? null : value;
}

describe('PartitionWindows', () => {
  it('begin empty, and are kept apart by partition', async () => {
    const partitions = new PartitionWindows(new FakeWindowStore(), silentLogger);
    expect(await partitions.assign('t', 0, START)).toBe(0);
    expect(see(await partitions.open(batchTo(1), maker), 0, 7)).toBeNull();
    expect(see(await partitions.open(batchTo(2), maker), 1, 8)).toBe(7);
    expect(see(await partitions.open(batchTo(2, 1), maker), 1, 9)).toBeNull();
  });

  it('come back from the last snapshot when the partition is assigned again, and say from where to read', async () => {
    const store = new FakeWindowStore();
    const partitions = new PartitionWindows(store, silentLogger);
    await partitions.assign('t', 0, START);
    const windows = await partitions.open(batchTo(1), maker);
    see(windows, 0, 7);
    store.stored = (await partitions.advance(batchTo(5), windows, ['a'], Date.now() + 60_000)).windows;
    expect(store.stored).toMatchObject({ id: maker.id, nextOffset: 5 });
    see(await partitions.open(batchTo(6), maker), 5, 8); // not stored: forgotten with the state
    expect(await partitions.assign('t', 0, { position: 6, low: 0 })).toBe(5);
    expect(see(await partitions.open(batchTo(6), maker), 5, 8)).toBe(7);
  });

  it('take a snapshot after many records or a long time, not with every batch', async () => {
    const partitions = new PartitionWindows(new FakeWindowStore(), silentLogger);
    await partitions.assign('t', 0, START);
    const now = Date.now();
    const due = async (nextOffset: number, nowMs: number): Promise<boolean> => {
      const batch = batchTo(nextOffset);
      return (await partitions.advance(batch, await partitions.open(batch, maker), ['a'], nowMs)).windows !== null;
    };
    expect(await due(10, now)).toBe(true); // the first: there is no earlier one
    expect(await due(20_009, now)).toBe(false);
    expect(await due(20_010, now)).toBe(true);
    expect(await due(40_009, now)).toBe(false);
    expect(await due(40_010, now)).toBe(true);
    expect(await due(40_011, now + 29_000)).toBe(false);
    expect(await due(40_012, now + 31_000)).toBe(true);
  });

  /**
   * Counts over the past hour, of windows that begin with a batch: two events at 0 minutes, one at
   * 61 and one at 122.
   */
  async function countsFrom(partitions: PartitionWindows, fromOffset: number): Promise<(number | null)[]> {
    const windows = await partitions.open(batchTo(fromOffset + 9, 0, fromOffset), counting);
    const times = [0, 0, 61, 122].map((minutes) => minutes * 60_000);
    const { table } = createRecordReader(countSchema, {}).read(
      times.map((t) => ({ id: 'a', t })),
      windows.batch(
        times.map((_, i) => fromOffset + i),
        times,
      ),
    );
    return Array.from(table.numeric, (value) => (Number.isNaN(value) ? null : value));
  }

  it('count from nothing at the beginning of a partition, and say nothing of what they have not seen elsewhere', async () => {
    const from = async (at: { position: number; low: number }, options = {}): Promise<(number | null)[]> => {
      const partitions = new PartitionWindows(new FakeWindowStore(), silentLogger, options);
      await partitions.assign('t', 0, at);
      return countsFrom(partitions, at.position);
    };
    const fromBeginning = [0, 1, 0, 0];
    const fromAnywhere = [null, null, 0, 0];
    expect(await from(START)).toEqual(fromBeginning);
    expect(await from({ position: 7, low: 0 })).toEqual(fromAnywhere);
    expect(await from({ position: 7, low: 7 })).toEqual(fromAnywhere);
    expect(await from(START, { wereReset: true })).toEqual(fromAnywhere);
  });

  it('begin anew, and know so, where records are gone that they have not seen', async () => {
    const store = new FakeWindowStore();
    const warnings: string[] = [];
    const logger: Logger = { ...silentLogger, warn: (_: object, text?: string) => void warnings.push(text ?? '') };
    const partitions = new PartitionWindows(store, logger);
    store.stored = { ...counting.open().snapshot(), nextOffset: 3 };
    expect(await partitions.assign('t', 0, { position: 9, low: 5 })).toBe(5);
    expect(await countsFrom(partitions, 5)).toEqual([null, null, 0, 0]);
    // Found while reading: batches handed out before the gap are not affected.
    partitions.lost('t', 0, 20);
    const seen = await partitions.open(batchTo(14, 0, 9), counting);
    expect(seen.size).toBe(1);
    seen.advance(14);
    expect((await partitions.open(batchTo(25, 0, 14), counting)).size).toBe(0);
    expect(warnings).toEqual([
      expect.stringContaining('records are gone'),
      expect.stringContaining('records are gone'),
    ]);
  });

  it('share one bound of memory, and give back what they do not need', async () => {
    const memory = new WindowMemory(Infinity);
    const [one, other] = [0, 1].map(() => new PartitionWindows(new FakeWindowStore(), silentLogger, { memory }));
    see(await one!.open(batchTo(1), maker), 0, 7);
    see(await other!.open(batchTo(1, 1), maker), 0, 7);
    expect(memory.bytes).toBe(one!.size().bytes + other!.size().bytes);
    expect(memory.bytes).toBeGreaterThan(one!.size().bytes);
    one!.retain('t', []);
    expect(memory.bytes).toBe(other!.size().bytes);
    await other!.open(batchTo(2, 1), makerOf(schemaOf(2)));
    expect(memory.bytes).toBe(0);
    see(await other!.open(batchTo(3, 1), maker), 2, 7);
    other!.close();
    expect(memory.bytes).toBe(0);
  });

  it('take a snapshot where the names of many entities wait for one', async () => {
    const partitions = new PartitionWindows(new FakeWindowStore(), silentLogger);
    await partitions.assign('t', 0, START);
    const due = async (nextOffset: number, name: string): Promise<boolean> => {
      const batch = batchTo(nextOffset);
      return (await partitions.advance(batch, await partitions.open(batch, maker), [name])).windows !== null;
    };
    expect(await due(1, 'first')).toBe(true);
    expect(await due(2, 'a'.repeat(3_000_000))).toBe(false);
    expect(await due(3, 'a'.repeat(3_000_000))).toBe(false);
    expect(await due(4, 'b'.repeat(3_000_000))).toBe(true);
    expect(await due(5, 'a'.repeat(3_000_000))).toBe(false);
  });

  it('begin anew for a model with other windows', async () => {
    const store = new FakeWindowStore();
    const partitions = new PartitionWindows(store, silentLogger);
    await partitions.assign('t', 0, START);
    const windows = await partitions.open(batchTo(1), maker);
    see(windows, 0, 7);
    store.stored = windows.snapshot();
    const other = makerOf(schemaOf(2));
    await partitions.assign('t', 0, START);
    const begun = await partitions.open(batchTo(2), other);
    expect(begun.size).toBe(0);
    expect((await partitions.advance(batchTo(2), begun, [])).windows).toMatchObject({ id: other.id, nextOffset: 2 });
    // Back again: the windows stored at the assignment are outdated by now.
    const again = await partitions.open(batchTo(9, 0, 2), maker);
    expect(again.size).toBe(0);
    expect((await partitions.advance(batchTo(9), again, [])).windows).toMatchObject({ id: maker.id, nextOffset: 9 });
  });

  it('tell from where to read: no earlier than the log, and no later than the position', async () => {
    const store = new FakeWindowStore();
    const partitions = new PartitionWindows(store, silentLogger);
    const from = (nextOffset: number | null): Promise<number> => {
      store.stored = nextOffset === null ? null : { id: maker.id, nextOffset, token: null, pieces: [] };
      return partitions.assign('t', 0, { position: 50, low: 10 });
    };
    expect([await from(null), await from(50), await from(60), await from(30), await from(3)]).toEqual([
      50, 50, 50, 30, 10,
    ]);
  });

  it('take no batch before which events are missing: it was read before the partition was assigned anew', async () => {
    const store = new FakeWindowStore();
    const partitions = new PartitionWindows(store, silentLogger);
    store.stored = { ...maker.open().snapshot(), nextOffset: 3 };
    await partitions.assign('t', 0, { position: 8, low: 0 });
    await expect(partitions.open(batchTo(9, 0, 8), maker)).rejects.toThrow(
      expect.objectContaining({ code: 'FLOWLINE_WINDOWS_BEHIND', retryable: true }),
    );
    await partitions.open(batchTo(8, 0, 3), maker);
    await partitions.open(batchTo(9, 0, 8), maker);
    await partitions.open(batchTo(9, 0, 8), maker); // delivered again
    // The partition now belongs to another scorer.
    partitions.retain('t', []);
    await expect(partitions.open(batchTo(10, 0, 9), maker)).rejects.toThrow(/have seen events up to 0 only/);
  });

  it('store nothing of what is only read again, and name the entities since the last snapshot', async () => {
    const store = new FakeWindowStore();
    const partitions = new PartitionWindows(store, silentLogger, { every: { records: 2, ms: 1e9 } });
    store.stored = { ...maker.open().snapshot(), nextOffset: 3 };
    await partitions.assign('t', 0, { position: 8, low: 0 });
    const due = async (from: number, to: number, names: readonly string[]) =>
      partitions.advance(batchTo(to, 0, from), await partitions.open(batchTo(to, 0, from), maker), names);
    expect(await due(3, 6, ['a'])).toEqual({ windows: null, seen: [] });
    expect(await due(6, 8, ['b', 'a'])).toEqual({ windows: null, seen: [] });
    expect(await due(8, 9, ['c'])).toEqual({
      windows: expect.objectContaining({ nextOffset: 9 }),
      seen: ['a', 'b', 'c'],
    });
    expect(await due(9, 10, ['d'])).toEqual({ windows: null, seen: [] });
    expect(await due(10, 11, ['a'])).toMatchObject({ seen: ['d'] }); // a was named today
  });

  it('do not name entities whose claims noted the day', async () => {
    const partitions = new PartitionWindows(new FakeWindowStore(), silentLogger, { every: { records: 1, ms: 1e9 } });
    await partitions.assign('t', 0, START);
    const windows = await partitions.open(batchTo(1), maker);
    see(windows, 0, 7);
    const now = Date.now();
    await partitions.strays(batchTo(1), windows, now);
    expect(await partitions.advance(batchTo(1), windows, ['a', 'b'], now)).toMatchObject({ seen: ['b'] });
    await partitions.open(batchTo(2, 0, 1), maker);
    expect(await partitions.advance(batchTo(2, 0, 1), windows, ['a'], now + 86_400_000)).toMatchObject({ seen: ['a'] });
  });

  it('of two overlapping assignments keep the later one, whichever is answered first', async () => {
    const answers: ((stored: StoredWindows | null) => void)[] = [];
    const partitions = new PartitionWindows(
      { read: () => new Promise((resolve) => answers.push(resolve)), claim: () => Promise.resolve([]) },
      silentLogger,
    );
    const first = partitions.assign('t', 0, { position: 5, low: 0 });
    const second = partitions.assign('t', 0, { position: 9, low: 0 });
    answers[1]?.(null);
    expect(await second).toBe(9);
    answers[0]?.(null);
    expect(await first).toBe(5);
    await expect(partitions.open(batchTo(10, 0, 9), maker)).resolves.toBeDefined();
  });

  it('give the same features under any schedule of batches, commits, lost answers, rebalances and kills', () =>
    expect(checkWindowSchedules({ schedules: 300 })).resolves.toBeUndefined());

  it('count what they remember', async () => {
    const partitions = new PartitionWindows(new FakeWindowStore(), silentLogger);
    see(await partitions.open(batchTo(1), maker), 0, 7);
    see(await partitions.open(batchTo(2), maker), 1, 7);
    see(await partitions.open(batchTo(1, 1), maker), 0, 7);
    expect(partitions.size()).toEqual({ entities: 2, events: 3, bytes: expect.any(Number) });
    partitions.retain('t', [1]);
    expect(partitions.size()).toEqual({ entities: 1, events: 1, bytes: expect.any(Number) });
    await partitions.open(batchTo(3, 1), null);
    expect(partitions.size()).toEqual({ entities: 0, events: 0, bytes: 0 });
  });
});
