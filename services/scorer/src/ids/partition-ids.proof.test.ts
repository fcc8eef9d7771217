import { at, type EventBatch, FlowlineError } from '@flowline/events';
import { createRecordReader } from '@flowline/features';
import { decodeJson, type SourceBatch, type SourceRecord } from '@flowline/stream';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { recordFormats } from '../decoding/formats.ts';
import { createDecoder } from '../decoding/record-decoder.ts';
import { decode } from '../steps/decode.ts';
import { FakeIdStore } from '../testing/fake-id-store.ts';
import { PartitionIds } from './partition-ids.ts';
import { throughIds } from './through-ids.ts';

/** Readers of models that need a field each. */
const readerOf = (name: 'x' | 'y') => {
  const more = { type: 'real', from: name, role: 'score', nullable: false, maxLevels: 64, period: null } as const;
  return createRecordReader([{ name, ...more }], {});
};
const source = { time: { field: 't', unit: 'ms' }, key: null, eventId: 'id' } as const;
const RULES = { field: 'id', windowMs: 50, maxIds: 6 };

/** Reads bytes to columns, and record by record. */
const formats = { columns: recordFormats.json(), records: { decode: decodeJson } };
type Format = keyof typeof formats;

/** A record of the log: an id, or text that is not an event's. */
interface LogRecord {
  readonly offset: number;
  readonly id: string;
  readonly timeMs: number;
  /** False for a dead letter that has an id. */
  readonly isWhole: boolean;
  /** False for a dead letter of the other model. */
  readonly hasY: boolean;
  /** True for a record that only the general reader takes. */
  readonly isOdd: boolean;
}

const toRecord = ({ offset, id, timeMs, isWhole, hasY, isOdd }: LogRecord): SourceRecord => {
  const text = JSON.stringify({ id, t: 5, x: isWhole ? 1 : 'none', y: hasY ? 1 : 'none' });
  const escaped = `"id":"\\u00${id.charCodeAt(0).toString(16)}"`;
  const value = Buffer.from(isOdd ? text.replace(`"id":"${id}"`, escaped) : text);
  return { offset, key: null, value, headers: {}, timestampMs: timeMs };
};

const batchOf = (log: readonly LogRecord[], fromOffset: number, size = log.length): SourceBatch => {
  const records = log.filter(({ offset }) => offset >= fromOffset).slice(0, size);
  const nextOffset = (records.at(-1)?.offset ?? fromOffset - 1) + 1;
  return {
    ...{ topic: 't', topicId: null, partition: 0, fromOffset, records: records.map(toRecord), nextOffset },
    done: () => undefined,
  };
};

/** A scorer's part that tells repeats. */
function worker(store: FakeIdStore, format: Format = 'columns', rules = RULES, needs: 'x' | 'y' = 'x') {
  const limits: number[] = [];
  const ids = new PartitionIds(store, ({ partition }) => limits.push(partition));
  const reader = {
    ...{ format: formats[format], windows: null, inForce: null, repeats: rules },
    decode: createDecoder(source, formats[format], readerOf(needs), 1_000),
  };
  const read = throughIds(ids, async (batch: { source: SourceBatch; reader: typeof reader }) => ({
    ...batch,
    ...(await decode(batch, null)),
    entities: null,
  }));
  return { ids, limits, read: (batch: SourceBatch) => read({ source: batch, reader }) };
}

const log$ = fc
  .array(
    fc.record({
      gap: fc.integer({ min: 1, max: 2 }),
      id: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
      afterMs: fc.integer({ min: -5, max: 20 }),
      isWhole: fc.oneof({ weight: 5, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }),
      hasY: fc.boolean(),
      isOdd: fc.boolean(),
    }),
    { minLength: 1, maxLength: 40, size: 'max' },
  )
  .map((records): readonly LogRecord[] => {
    let [offset, timeMs] = [-1, 1_000];
    return records.map(({ gap, afterMs, ...record }) => {
      offset += gap;
      timeMs += afterMs;
      return { ...record, offset, timeMs };
    });
  });

/** Offsets of the events and of the repeats, record by record and by a plain list of ids. */
function truth(
  log: readonly LogRecord[],
  isEvent = ({ isWhole }: LogRecord): boolean => isWhole,
  { windowMs, maxIds } = RULES,
) {
  const entries: LogRecord[] = [];
  const [events, repeats]: [number[], [number, number][]] = [[], []];
  for (const record of log) {
    const first = entries.findLast(({ id }) => id === record.id);
    if (first !== undefined && record.timeMs - first.timeMs < windowMs) {
      repeats.push([record.offset, first.offset]);
      continue;
    }
    for (let count = 0; count < 8 && entries.length > 0; count++) {
      if (record.timeMs - at(entries, 0).timeMs >= windowMs || entries.length >= maxIds) entries.shift();
    }
    // A dead letter keeps a place without an id.
    entries.push(isEvent(record) ? record : { ...record, id: 'none', timeMs: -1e15 });
    if (isEvent(record)) events.push(record.offset);
  }
  return { events, repeats };
}

type Decoded = Awaited<ReturnType<ReturnType<typeof worker>['read']>>;
interface Step {
  readonly kind: 'fetch' | 'decode' | 'commit' | 'lost' | 'kill';
  readonly who: number;
  readonly size: number;
}

// A worker mostly goes on from fetch to commit, so that each stores some batches.
const turn$ = fc
  .record({
    kinds: fc.constantFrom<readonly Step['kind'][]>(
      ...([['fetch', 'decode', 'commit'], ['fetch'], ['decode'], ['commit'], ['decode', 'lost'], ['kill']] as const),
    ),
    who: fc.nat(2),
    size: fc.integer({ min: 1, max: 6 }),
  })
  .map(({ kinds, who, size }) => kinds.map((kind): Step => ({ kind, who, size })));
const steps$ = fc.array(turn$, { maxLength: 30, size: 'max' }).map((turns) => turns.flat());

/** Three scorers over one partition, whose batches are stored by one fence. */
class Schedule {
  readonly #log: readonly LogRecord[];
  readonly #format: Format;
  readonly #models: readonly ('x' | 'y')[];
  readonly #workers = new Map<number, ReturnType<typeof worker> & { position: number; inFlight: SourceBatch[] }>();
  readonly #decoded = new Map<SourceBatch, Decoded>();
  readonly store = new FakeIdStore();
  readonly events: number[] = [];
  readonly deadLetters: number[] = [];

  /** @param models field that the model of each worker needs. */
  constructor(log: readonly LogRecord[], format: Format, models: readonly ('x' | 'y')[] = ['x', 'x', 'x']) {
    this.#log = log;
    this.#format = format;
    this.#models = models;
  }

  get isBehind(): boolean {
    return this.store.fence <= at(this.#log, this.#log.length - 1).offset;
  }

  /** Plays steps; then a worker with a past goes on to the end, which needs few attempts. */
  async playAll(steps: readonly Step[]): Promise<void> {
    for (const step of steps) await this.play(step);
    for (let attempts = 0; this.isBehind; attempts++) {
      if (attempts > 40) throw new Error(`stands at ${this.store.fence}`);
      for (const kind of ['fetch', 'decode', 'commit'] as const) await this.play({ kind, who: 0, size: 7 });
    }
  }

  async play({ kind, who, size }: Step): Promise<void> {
    const own = this.#workers.get(who) ?? {
      ...{
        ...worker(this.store, this.#format, RULES, at(this.#models, who)),
        position: this.store.fence,
        inFlight: [] as SourceBatch[],
      },
    };
    this.#workers.set(who, own);
    if (kind === 'kill') this.#workers.delete(who);
    else if (kind === 'fetch') {
      const batch = batchOf(this.#log, own.position, size);
      if (batch.records.length === 0) return;
      own.inFlight.push(batch);
      own.position = batch.nextOffset;
    } else if (kind === 'decode') {
      const batch = own.inFlight.find((one) => !this.#decoded.has(one));
      if (batch !== undefined)
        await this.#orReopen(who, async () => void this.#decoded.set(batch, await own.read(batch)));
    } else {
      const [batch] = own.inFlight;
      const decoded = batch && this.#decoded.get(batch);
      if (batch === undefined || decoded === undefined) return;
      await this.#orReopen(who, () => this.#commit(batch, decoded));
      // Without an answer, the same batch is stored again.
      if (kind === 'commit') own.inFlight.shift();
    }
  }

  async #commit(batch: SourceBatch, { events, ids }: Decoded): Promise<void> {
    await Promise.resolve();
    const { fence } = this.store;
    if (batch.fromOffset > fence) throw new FlowlineError('FLOWLINE_STREAM_REWOUND', 'rewound', { retryable: true });
    this.store.commit({ nextOffset: batch.nextOffset, ids } as Pick<EventBatch, 'ids' | 'nextOffset'>);
    this.events.push(...[...events.offsets].filter((offset) => offset >= fence));
    this.deadLetters.push(...events.deadLetters.map(({ offset }) => offset).filter((offset) => offset >= fence));
  }

  /** After an error that passes, the source is reopened at the fence; the process is the same. */
  async #orReopen(who: number, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof FlowlineError) || !error.retryable) throw error;
      const own = this.#workers.get(who);
      if (own !== undefined) Object.assign(own, { position: this.store.fence, inFlight: [] });
    }
  }
}

describe('PartitionIds', () => {
  it.each<Format>(['columns', 'records'])(
    'tells the same repeats whoever is killed, overtaken or reads twice (%s)',
    async (format) => {
      const play = async (log: readonly LogRecord[], steps: readonly Step[]): Promise<void> => {
        const schedule = new Schedule(log, format);
        await schedule.playAll(steps);
        const { events, repeats } = truth(log);
        expect(schedule.events).toEqual(events);
        expect(schedule.store.duplicates.map(({ offset, firstOffset }) => [offset, firstOffset])).toEqual(repeats);
      };
      await fc.assert(fc.asyncProperty(log$, steps$, play), { numRuns: 400 });
    },
  );

  it('tells them by what is stored, also if workers accept different events', async () => {
    const play = async (log: readonly LogRecord[], steps: readonly Step[]): Promise<void> => {
      const schedule = new Schedule(log, 'columns', ['x', 'y', 'x']);
      await schedule.playAll(steps);
      const letters = new Set(schedule.deadLetters);
      const { events, repeats } = truth(log, ({ offset }) => !letters.has(offset));
      expect(schedule.events).toEqual(events);
      expect(schedule.store.duplicates.map(({ offset, firstOffset }) => [offset, firstOffset])).toEqual(repeats);
    };
    await fc.assert(fc.asyncProperty(log$, steps$, play), { numRuns: 600 });
  });

  const logOf = (ids: string): LogRecord[] =>
    Array.from(ids, (id, offset) => ({ offset, id, timeMs: 1_000 + offset, isWhole: true, hasY: true, isOdd: false }));

  it('tells repeats among records that are read again as it told them before', async () => {
    const log = logOf('abacad');
    const store = new FakeIdStore();
    const { ids } = await worker(store, 'columns', { ...RULES, maxIds: 1 }).read(batchOf(log, 0));
    store.commit({ nextOffset: 6, ...(ids === undefined ? {} : { ids }) });
    // With room for one id, a is known at offset 2 no more, and at none of the others.
    expect(store.duplicates).toEqual([]);
    const first = worker(new FakeIdStore());
    const again = worker(store);
    const decoded = await again.read(batchOf(log, 0));
    expect([...decoded.events.offsets]).toEqual([0, 1, 2, 3, 4, 5]);
    expect([...(await first.read(batchOf(log, 0))).events.offsets]).toEqual([0, 1, 3, 5]);
    // Beyond the fence, ids count again.
    const after = [...log, ...logOf('abacadd').slice(6)];
    expect((await again.read(batchOf(after, 6))).ids?.duplicates).toMatchObject([{ offset: 6, firstOffset: 5 }]);
  });

  it('merges pieces of few ids, which are then restored as they were', async () => {
    const store = new FakeIdStore();
    const rules = { field: 'id', windowMs: 1e6, maxIds: 1_000 };
    const log = Array.from({ length: 200 }, (_, offset) => ({
      ...{ offset, id: `${offset}`, timeMs: 1_000, isWhole: true, hasY: true, isOdd: false },
    }));
    const first = worker(store, 'columns', rules);
    for (const { offset } of log) {
      const { ids } = await first.read(batchOf(log, offset, 1));
      store.commit({ nextOffset: offset + 1, ...(ids === undefined ? {} : { ids }) });
    }
    expect(store.pieces).toBeLessThan(100);
    const repeats = log.map((record) => ({ ...record, offset: 200 + record.offset }));
    const { ids, events } = await worker(store, 'columns', rules).read(batchOf(repeats, 200));
    expect(events.table.size).toBe(0);
    expect(ids?.duplicates.map(({ firstOffset }) => firstOffset)).toEqual(log.map(({ offset }) => offset));
  });

  it('says when a bound makes it forget, and not when the window does', async () => {
    const { read, limits } = worker(new FakeIdStore());
    await read(batchOf(logOf('abcdef'), 0));
    expect(limits).toEqual([]);
    await read(batchOf(logOf('abcdefg'), 6));
    expect(limits).toEqual([0]);
  });

  it('forgets the ids of refused events: sent again, they are scored', async () => {
    const { read, ids } = worker(new FakeIdStore());
    const log = logOf('abab');
    await read(batchOf(log, 0, 2));
    ids.refused(batchOf(log, 0, 2), [0]);
    const { events } = await read(batchOf(log, 2));
    expect([...events.offsets]).toEqual([2]);
  });

  it('refuses a batch that was read beyond what is stored, under an earlier assignment', async () => {
    const refused = worker(new FakeIdStore(4)).read(batchOf(logOf('abcdef'), 5));
    await expect(refused).rejects.toMatchObject({ code: 'FLOWLINE_EVENT_IDS_BEHIND', retryable: true });
  });

  it('reads nothing and adds nothing for a detector that scores repeats', async () => {
    const store = new FakeIdStore();
    const { read } = worker(store, 'columns', null as never);
    const decoded = await read(batchOf(logOf('aa'), 0));
    expect([...decoded.events.offsets]).toEqual([0, 1]);
    expect(decoded.ids).toBeUndefined();
    expect(store.reads).toBe(0);
  });
});
