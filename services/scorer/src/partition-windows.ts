import { setImmediate as turn } from 'node:timers/promises';

import type { EntityScope, StrayEntity } from '@flowline/db';
import type { ModelBundle } from '@flowline/detector';
import { FlowlineError, type StoredWindows } from '@flowline/events';
import { EntityWindows } from '@flowline/features';
import type { SourceBatch } from '@flowline/stream';
import type { Logger } from '@flowline/telemetry';

import { scattered } from './without-strays.ts';

/** The windows of a model: their id, and how they begin. */
export interface WindowsMaker {
  readonly id: string;
  open(): EntityWindows;
}

/** How the windows of features begin; null where events stand alone. */
export function windowsMaker({
  schema,
  lookups,
  entity,
}: Pick<ModelBundle, 'schema' | 'lookups' | 'entity'>): WindowsMaker | null {
  if (entity === null) return null;
  const open = (): EntityWindows => new EntityWindows({ schema, lookups, entity });
  return { id: open().id, open };
}

/** Where the windows of a partition are kept between two runs: Postgres. */
export interface WindowStore {
  /** The windows that were stored last with a batch of this partition; null where there are none. */
  read(topic: string, partition: number): Promise<StoredWindows | null>;
  /** Claims entities for a partition; gives those that another partition has claimed. */
  claim(scope: Omit<EntityScope, 'detector'>, entities: readonly string[]): Promise<readonly StrayEntity[]>;
}

/** What of the windows of a partition is to be stored with a batch. */
export interface DueSnapshot {
  /** The windows after the batch, every so often; null where they are not due. */
  readonly windows: StoredWindows | null;
  /** The entities of the events since the snapshot before this one. */
  readonly seen: readonly string[];
}

/** So many records are read again at most after a restart, ... */
const SNAPSHOT_RECORDS = 20_000;
/** ... and those of so long, where there are few. */
const SNAPSHOT_MS = 30_000;
const DEFAULT_EVERY = { records: SNAPSHOT_RECORDS, ms: SNAPSHOT_MS };

/** The first batch takes a snapshot along: a restart before the second one then begins with the same past. */
const NEVER = { snapshotMs: -Infinity, snapshotOffset: -Infinity };
const NO_STRAYS: ReadonlyMap<string, number> = new Map();
const WARN_EVERY_MS = 60_000;
const NOT_DUE: DueSnapshot = { windows: null, seen: [] };

interface Partition {
  /** What Postgres knew when the partition was assigned; taken by the first batch, as it is of the past after it. */
  stored: StoredWindows | null;
  windows: EntityWindows | null;
  /** Records before have been read. */
  readTo: number;
  /** Records before were stored when the partition was assigned. */
  readonly position: number;
  /** When the last snapshot was taken, and before which offset. */
  snapshotMs: number;
  snapshotOffset: number;
  /** Entities of the events since then. */
  readonly seen: Set<string>;
}

/**
 * The windows of the partitions that one run of a detector reads.
 *
 * ```
 *  assigned ─▶ restored from the last snapshot ─▶ records since then are read again (the fence stores none of them)
 *     ▲                                              │
 *     │ a rebalance, or a batch that was not stored:  ▼
 *     └────────── the state is dropped ◀───── a batch at a time; every so often its transaction takes a snapshot along
 * ```
 */
export class PartitionWindows {
  readonly #store: WindowStore;
  readonly #logger: Logger;
  readonly #every: { readonly records: number; readonly ms: number };
  readonly #partitions = new Map<string, Partition>();
  /** Of two overlapping assignments of a partition the later one counts, whichever is answered first. */
  readonly #turns = new Map<string, number>();
  #warnedMs = -Infinity;

  /** @param every how many records, or milliseconds, lie between two snapshots. */
  constructor(store: WindowStore, logger: Logger, every = DEFAULT_EVERY) {
    this.#store = store;
    this.#logger = logger;
    this.#every = every;
  }

  /** These partitions of a topic are read here, and no others: the past of others is dropped. */
  retain(topic: string, partitions: readonly number[]): void {
    const kept = new Set(partitions.map((partition) => key(topic, partition)));
    for (const name of this.#partitions.keys()) {
      if (name.startsWith(`${topic}/`) && !kept.has(name)) this.#partitions.delete(name);
    }
  }

  /** A partition is assigned: from which offset it must be read, its position or one before it that the log still holds. */
  async assign(
    topic: string,
    partition: number,
    { position, low }: { readonly position: number; readonly low: number },
  ): Promise<number> {
    const name = key(topic, partition);
    const turn = (this.#turns.get(name) ?? 0) + 1;
    this.#turns.set(name, turn);
    const stored = await this.#store.read(topic, partition);
    const from = stored === null ? position : Math.min(position, Math.max(stored.nextOffset, low));
    if (this.#turns.get(name) === turn) this.#partitions.set(name, beginning(from, position, stored));
    return from;
  }

  /**
   * The windows for a batch, made where the partition has none of their kind yet; null for a model without windows. A partition that
   * was never assigned is read from its beginning.
   * @throws FlowlineError FLOWLINE_WINDOWS_CORRUPTED; FLOWLINE_WINDOWS_BEHIND for a batch before which events are missing: it was
   *   read before the partition was assigned anew, and reading has to begin again.
   */
  of(batch: SourceBatch, maker: WindowsMaker): EntityWindows;
  of(batch: SourceBatch, maker: WindowsMaker | null): EntityWindows | null;
  of({ topic, partition, fromOffset, nextOffset }: SourceBatch, maker: WindowsMaker | null): EntityWindows | null {
    const name = key(topic, partition);
    const known = this.#partitions.get(name) ?? beginning(0, 0, null);
    if (fromOffset > known.readTo) throw behind(topic, partition, fromOffset, known.readTo);
    this.#partitions.set(name, known);
    known.readTo = Math.max(known.readTo, nextOffset);
    const { stored, windows: before } = known;
    known.stored = null;
    if (maker === null) known.windows = null;
    if (maker === null || before?.id === maker.id) return known.windows;
    const windows = maker.open();
    known.windows = windows;
    if (stored !== null && windows.restore(stored)) return windows;
    Object.assign(known, NEVER);
    if (stored !== null || before !== null) {
      this.#logger.warn({ topic, partition }, 'the windows have changed: they fill anew from here on');
    }
    return windows;
  }

  /**
   * The entities of a batch that the windows have seen which belong to other partitions, with those: no windows hold all of their
   * past, so that these forget them. An entity belongs to the first partition that had an event of it.
   */
  async strays(
    { topic, topicId, partition }: SourceBatch,
    windows: EntityWindows,
  ): Promise<ReadonlyMap<string, number>> {
    const added = windows.takeNewEntities();
    if (added.length === 0) return NO_STRAYS;
    const found = await this.#store.claim({ topic, topicId, key: windows.key, partition }, added);
    const [first] = found;
    if (first === undefined) return NO_STRAYS;
    for (const { entity } of found) windows.forget(entity);
    this.#warnOfStrays(first, found.length, { topic, partition });
    return new Map(found.map((stray) => [stray.entity, stray.partition]));
  }

  /**
   * What is to be stored with a batch that the windows have seen, and whose events are of these entities. A snapshot is written in
   * slices, between which others get their turn: the next batch must wait for it.
   */
  async toStore(
    { topic, partition, nextOffset }: SourceBatch,
    windows: EntityWindows,
    names: readonly string[],
    nowMs = Date.now(),
  ): Promise<DueSnapshot> {
    windows.advance(nextOffset);
    const known = this.#partitions.get(key(topic, partition));
    if (known === undefined) return NOT_DUE;
    for (const name of names) known.seen.add(name);
    const { records, ms } = this.#every;
    const isDue = nextOffset - known.snapshotOffset >= records || nowMs - known.snapshotMs >= ms;
    // Of what is only read again, nothing is stored.
    if (!isDue || nextOffset <= known.position) return NOT_DUE;
    known.snapshotMs = nowMs;
    known.snapshotOffset = nextOffset;
    const seen = [...known.seen];
    known.seen.clear();
    return { windows: await inTurns(windows.snapshotSteps()), seen };
  }

  /** Once a minute: whoever produces to a wrong partition does so again and again. */
  #warnOfStrays(
    { entity, partition: other }: StrayEntity,
    entities: number,
    { topic, partition }: { readonly topic: string; readonly partition: number },
  ): void {
    const now = performance.now();
    if (now - this.#warnedMs < WARN_EVERY_MS) return;
    this.#warnedMs = now;
    const found = scattered(entity, `${topic}[${partition}]`, `${topic}[${other}]`);
    const remedy =
      'Produce events with the fields of source.key as the Kafka key. After partitions were added to the topic, start the ' +
      'scorer once with --reset-windows, then redrive the dead letters.';
    const fields = { topic, partition, entities, code: 'FLOWLINE_ENTITY_SCATTERED', remedy };
    this.#logger.warn(fields, `${found} These events are dead letters (scattered_entity).`);
  }

  /** Entities that are remembered, and the events that their windows hold. */
  size(): { readonly entities: number; readonly events: number } {
    let entities = 0;
    let events = 0;
    for (const { windows } of this.#partitions.values()) {
      entities += windows?.size ?? 0;
      events += windows?.events ?? 0;
    }
    return { entities, events };
  }
}

/** Takes the steps of long work, each in a turn of its own. */
async function inTurns<T>(steps: Generator<void, T, void>): Promise<T> {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    await turn();
  }
}

function beginning(from: number, position: number, stored: StoredWindows | null): Partition {
  const snapshot = stored === null ? NEVER : { snapshotMs: Date.now(), snapshotOffset: stored.nextOffset };
  return { stored, windows: null, readTo: from, position, seen: new Set(), ...snapshot };
}

function behind(topic: string, partition: number, fromOffset: number, readTo: number): FlowlineError {
  return new FlowlineError(
    'FLOWLINE_WINDOWS_BEHIND',
    `A batch of ${topic}[${partition}] begins at ${fromOffset}, but its windows have seen events up to ${readTo} only.`,
    {
      where: `${topic}[${partition}]`,
      remedy: 'Nothing: the source is opened again and read from where Postgres says.',
      retryable: true,
    },
  );
}

const key = (topic: string, partition: number): string => `${topic}/${partition}`;
