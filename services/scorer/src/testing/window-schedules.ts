import { type FeatureSpec, FlowlineError, type StoredWindows } from '@flowline/events';
import { createRecordReader, EntityWindows } from '@flowline/features';
import type { SourceBatch } from '@flowline/stream';
import { silentLogger } from '@flowline/telemetry';
import fc from 'fast-check';

import { recordFormats } from '../decoding/formats.ts';
import type { DecodedEvents } from '../decoding/event-rows.ts';
import { decode } from '../steps/decode.ts';
import { extended } from './fake-window-store.ts';
import { PartitionWindows } from '../windows/partition-windows.ts';
import { windowsMaker } from '../windows/windows-maker.ts';
import { type EventsWithPast, throughWindows } from '../windows/through-windows.ts';

const WORKERS = 3;
/** Entity whose past the features of the schedules look at. */
export const entity = { key: ['id'], time: { field: 't', unit: 'ms' } } as const;
/** Features over an entity's past, which a lost, repeated or reordered event would change. */
export const schema: readonly FeatureSpec[] = [
  feature('previous', { lag: { of: 'x' } }),
  feature('mean', { rolling: { of: 'x', statistic: 'mean', over: 3 } }),
  feature('most', { rolling: { of: 'x', statistic: 'max', over: '20ms' } }),
  feature('count', { rolling: { statistic: 'count', over: '10ms' } }),
];
const maker = windowsMaker({ schema, lookups: {}, entity });
const reader = createRecordReader(schema, {});
const format = recordFormats.json();

function feature(name: string, from: FeatureSpec['from']): FeatureSpec {
  return { name, type: 'real', from, role: 'score', nullable: true, maxLevels: 64, period: null };
}

/** A record of the log. Offsets have gaps, as compaction leaves them. */
export interface LogRecord {
  readonly offset: number;
  readonly id: string;
  readonly t: number;
  readonly x: number;
}

type Step =
  | { readonly kind: 'fetch'; readonly worker: number; readonly size: number }
  | { readonly kind: 'decode'; readonly worker: number }
  | { readonly kind: 'commit'; readonly worker: number; readonly answerLost: boolean }
  | { readonly kind: 'rebalance'; readonly worker: number }
  | { readonly kind: 'kill'; readonly worker: number };

/** Records of one partition. */
export const log$ = fc
  .array(
    fc.record({
      gap: fc.integer({ min: 1, max: 3 }),
      id: fc.constantFrom('a', 'b'),
      t: fc.integer({ min: 0, max: 60 }),
      x: fc.integer({ min: -9, max: 9 }),
    }),
    { minLength: 1, maxLength: 24, size: 'max' },
  )
  .map((records) => {
    let next = -1;
    return records.map(({ gap, ...record }): LogRecord => ({ offset: (next += gap), ...record }));
  });

// Usually worker 0, which owns the partition; the others come and go.
const worker = fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(WORKERS - 1) });
const steps$ = fc.array(
  fc.oneof<fc.WeightedArbitrary<Step>[]>(
    {
      weight: 4,
      arbitrary: fc.record({ kind: fc.constant('fetch' as const), worker, size: fc.integer({ min: 1, max: 6 }) }),
    },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('decode' as const), worker }) },
    {
      weight: 4,
      arbitrary: fc.record({ kind: fc.constant('commit' as const), worker, answerLost: fc.boolean() }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('rebalance' as const), worker }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('kill' as const), worker }) },
  ),
  { minLength: 20, maxLength: 60, size: 'max' },
);

/**
 * Plays random schedules of three scorers over one partition. Batches are fetched, decoded and
 * stored in any interleaving; answers are lost; partitions are reassigned with batches in flight;
 * processes are killed; workers that have lost the partition carry on. Every row must be stored
 * once, with the features that the log gives when it is read in one go.
 * @throws Error with the smallest counterexample.
 */
export async function checkWindowSchedules({
  schedules,
  seed,
}: {
  readonly schedules: number;
  readonly seed?: number;
}): Promise<void> {
  const options = { numRuns: schedules, ...(seed === undefined ? {} : { seed }) };
  // Half of the streams begin at their first record, the others after a few.
  const begin$ = fc.oneof(fc.constant(0), fc.nat(12));
  await fc.assert(fc.asyncProperty(log$, begin$, steps$, play), options);
}

async function play(log: readonly LogRecord[], begin: number, schedule: readonly Step[]): Promise<void> {
  const store = new Store(log, begin);
  const workers = new Map<number, Worker>();
  for (const step of schedule) {
    const at = workers.get(step.worker) ?? (await Worker.start(log, store));
    workers.set(step.worker, at);
    if (step.kind === 'fetch') at.fetch(step.size);
    else if (step.kind === 'decode') await at.decode();
    else if (step.kind === 'commit') at.commit(step.answerLost);
    else if (step.kind === 'rebalance') await at.assign();
    else workers.delete(step.worker);
    store.check();
  }
  const last = await Worker.start(log, store);
  while (last.fetch(5)) {
    await last.decode();
    last.commit(false);
  }
  store.check();
  const end = Math.max(begin, (log.at(-1)?.offset ?? -1) + 1);
  if (store.fence !== end) throw new Error(`ended at ${store.fence} of ${end}`);
}

/** Part of Postgres for one stream. A commit is one transaction. */
class Store {
  readonly #truth: ReadonlyMap<number, string>;
  readonly #rows = new Map<number, string>();
  fence: number;
  windows: StoredWindows | null = null;

  constructor(log: readonly LogRecord[], begin: number) {
    this.fence = begin;
    const seenFromMs = begin === 0 ? -Infinity : null;
    const read = log.filter(({ offset }) => offset >= begin);
    const { offsets, table } = eventsOf(read, new EntityWindows({ schema, lookups: {}, entity, seenFromMs }));
    this.#truth = new Map(rowsOf({ offsets, table }));
  }

  /** @returns false if the batch has a snapshot that is not stored. */
  commit(batch: SourceBatch, { events, entities }: Pick<EventsWithPast, 'events' | 'entities'>): boolean {
    for (const [offset, row] of rowsOf(events)) {
      if (offset < this.fence) continue;
      if (this.#rows.has(offset)) throw new Error(`offset ${offset} is stored twice`);
      this.#rows.set(offset, row);
    }
    const snapshot = entities?.windows ?? null;
    if (batch.nextOffset <= this.fence) return snapshot === null;
    this.fence = batch.nextOffset;
    if (snapshot === null) return true;
    const stored = extended(this.windows, snapshot);
    this.windows = stored ?? this.windows;
    return stored !== null;
  }

  /** @throws Error if a row is missing or differs from the log. */
  check(): void {
    if ((this.windows?.nextOffset ?? 0) > this.fence) throw new Error('windows are ahead of the rows');
    for (const [offset, expected] of this.#truth) {
      const stored = this.#rows.get(offset);
      if (stored === (offset < this.fence ? expected : undefined)) continue;
      throw new Error(`offset ${offset}: ${String(stored)} instead of ${expected}, next offset ${this.fence}`);
    }
  }
}

interface InFlight {
  readonly assignment: number;
  readonly batch: SourceBatch;
  decoded: Pick<EventsWithPast, 'events' | 'entities'> | null;
}

/**
 * A scorer, with the behaviour of the source, the decoder and the commit step. Batches of an old
 * assignment may still be in flight.
 */
class Worker {
  readonly #log: readonly LogRecord[];
  readonly #store: Store;
  readonly #windows: PartitionWindows;
  readonly #read: (batch: SourceBatch) => Promise<EventsWithPast>;
  #inFlight: InFlight[] = [];
  #assignment = 0;
  #position = 0;

  private constructor(log: readonly LogRecord[], store: Store) {
    this.#log = log;
    this.#store = store;
    const read = (): Promise<StoredWindows | null> => Promise.resolve(store.windows);
    const claim = () => Promise.resolve([]);
    this.#windows = new PartitionWindows({ read, claim }, silentLogger, { every: { records: 4, ms: 1e12 } });
    const eventReader = { format, windows: maker, decode: this.#decodeFromLog.bind(this), inForce: null };
    const decodeBatch = throughWindows(this.#windows, decode);
    this.#read = (source) => decodeBatch({ source, reader: eventReader });
  }

  static async start(log: readonly LogRecord[], store: Store): Promise<Worker> {
    const started = new Worker(log, store);
    await started.assign();
    return started;
  }

  async assign(): Promise<void> {
    this.#assignment++;
    this.#position = await this.#windows.assign('t', 0, { position: this.#store.fence, low: 0 });
  }

  /** @returns false at the end of the log, or while a batch of this assignment is in flight. */
  fetch(size: number): boolean {
    if (this.#inFlight.some(({ assignment }) => assignment === this.#assignment)) return false;
    const found = this.#log.filter(({ offset }) => offset >= this.#position).slice(0, size);
    const last = found.at(-1);
    if (last === undefined) return false;
    const records = found.map(({ offset }) => ({ offset, key: null, value: null, headers: {}, timestampMs: 0 }));
    const batch = {
      ...{ topic: 't', topicId: null, partition: 0, fromOffset: this.#position, records },
      ...{ nextOffset: last.offset + 1, done: () => undefined },
    };
    this.#inFlight.push({ assignment: this.#assignment, batch, decoded: null });
    return true;
  }

  #decodeFromLog({ records }: SourceBatch, windows: EntityWindows | null): DecodedEvents {
    const offsets = new Set(records.map(({ offset }) => offset));
    return eventsOf(
      this.#log.filter(({ offset }) => offsets.has(offset)),
      windows,
    );
  }

  async decode(): Promise<void> {
    const next = this.#inFlight.find(({ decoded }) => decoded === null);
    if (next === undefined) return;
    const { batch } = next;
    try {
      next.decoded = await this.#read(batch);
    } catch (error) {
      if (!(error instanceof FlowlineError && error.code === 'FLOWLINE_WINDOWS_BEHIND')) throw error;
      // The run drops its batches in flight and reopens the source.
      if (next.assignment === this.#assignment)
        throw new Error('the batch of a current assignment is refused', { cause: error });
      this.#inFlight = [];
      await this.assign();
    }
  }

  commit(answerLost: boolean): void {
    const [next] = this.#inFlight;
    if (next?.decoded === null || next === undefined) return;
    const hasWindows = this.#store.commit(next.batch, next.decoded);
    // Without an answer, the same batch is retried.
    if (answerLost) return;
    if (!hasWindows) this.#windows.refused(next.batch);
    this.#inFlight.shift();
    if (next.assignment === this.#assignment) this.#position = next.batch.nextOffset;
  }
}

function eventsOf(records: readonly LogRecord[], windows: EntityWindows | null): DecodedEvents {
  const offsets = Float64Array.from(records, ({ offset }) => offset);
  const times = Float64Array.from(records, ({ t }) => t);
  const { table, entities } = reader.read(
    records.map((record) => ({ ...record })),
    windows?.batch(offsets, times),
  );
  return { table, offsets, eventIds: records.map(({ id }) => id), eventTimesMs: times, entities, deadLetters: [] };
}

/** Features of each event as text, by offset. */
function rowsOf({ offsets, table }: Pick<DecodedEvents, 'offsets' | 'table'>): [number, string][] {
  const { numeric, numericWidth } = table;
  return Array.from(offsets, (offset, row) => [
    offset,
    numeric.subarray(row * numericWidth, (row + 1) * numericWidth).join(','),
  ]);
}
