import type { EntityScope, StrayEntity } from '@flowline/db';
import { FlowlineError, inTurns, type StoredWindows, type WindowLimit, type WindowSnapshot } from '@flowline/events';
import { type EntityWindows, WindowMemory } from '@flowline/features';
import type { SourceBatch } from '@flowline/stream';
import type { Logger } from '@flowline/telemetry';

import type { WindowsMaker } from './windows-maker.ts';
import { SeenEntities } from './seen-entities.ts';
import { scattered } from './without-strays.ts';

/** Storage of a partition's windows between two runs: Postgres. */
export interface WindowStore {
  /** Windows last stored with a batch of this partition; null if there are none. */
  read(topic: string, partition: number): Promise<StoredWindows | null>;
  /** Claims entities for a partition; returns those that another partition has claimed. */
  claim(scope: Omit<EntityScope, 'detector'>, entities: readonly string[]): Promise<readonly StrayEntity[]>;
}

/** Part of a partition's windows to store with a batch. */
export interface DueSnapshot {
  /** Snapshot of the windows after the batch; null if none is due. */
  readonly windows: WindowSnapshot | null;
  /** Entities of the events since the previous snapshot that were not named today. */
  readonly seen: readonly string[];
}

/** Maximum records between two snapshots, and so read again after a restart. */
const SNAPSHOT_RECORDS = 20_000;
/** Maximum time between two snapshots, for partitions with few records. */
const SNAPSHOT_MS = 30_000;
const DEFAULT_EVERY = { records: SNAPSHOT_RECORDS, ms: SNAPSHOT_MS };
/** Maximum total length, in characters, of the entity names that wait for a snapshot. */
const SNAPSHOT_NAME_LENGTH = 4_000_000;

/** Turns of the event loop while windows are restored or stored: one after each step. */
const EACH_STEP = { turnMs: 0 };

/** Options of {@link PartitionWindows}. */
export interface PartitionWindowsOptions {
  /** Records, or milliseconds, between two snapshots. */
  readonly every?: { readonly records: number; readonly ms: number };
  /** Memory shared by all windows of the process (default: unbounded). */
  readonly memory?: WindowMemory;
  /**
   * True if windows were reset when the process started: no partition then counts as known from its
   * beginning (default false).
   */
  readonly wereReset?: boolean;
  /** Called whenever windows reach a limit other than that of the shared memory. */
  readonly onLimit?: (limit: WindowLimit) => void;
}

/**
 * The first batch takes a snapshot, so that a restart before the second one begins with the same
 * past.
 */
const NO_SNAPSHOT = { snapshotMs: -Infinity, snapshotOffset: -Infinity };
const NO_STRAYS: ReadonlyMap<string, number> = new Map();
const WARN_EVERY_MS = 60_000;
const NOT_DUE: DueSnapshot = { windows: null, seen: [] };

interface Partition {
  /**
   * Snapshot in Postgres when the partition was assigned. The first batch takes it; after that it
   * is outdated.
   */
  stored: StoredWindows | null;
  windows: EntityWindows | null;
  /** Records before this offset have been read. */
  readTo: number;
  /** Records before this offset were stored when the partition was assigned. */
  readonly position: number;
  /** First offset that the log still held at the assignment. */
  readonly low: number;
  /** Records before this offset are gone, including some that were not read. */
  lostTo: number;
  /** Time of the last snapshot, and the offset before which it was taken. */
  snapshotMs: number;
  snapshotOffset: number;
  /** Entities of the events since the last snapshot. */
  readonly seen: SeenEntities;
}

/**
 * Windows of the partitions that one run of a detector reads.
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
  readonly #memory: WindowMemory;
  readonly #wereReset: boolean;
  readonly #onLimit: (limit: WindowLimit) => void;
  readonly #partitions = new Map<string, Partition>();
  /**
   * Number of the latest assignment per partition. If two overlap, the later one counts, whichever
   * is answered first.
   */
  readonly #assignments = new Map<string, number>();
  #warnedMs = -Infinity;

  constructor(
    store: WindowStore,
    logger: Logger,
    {
      every = DEFAULT_EVERY,
      memory = new WindowMemory(Infinity),
      wereReset = false,
      onLimit = () => undefined,
    }: PartitionWindowsOptions = {},
  ) {
    this.#store = store;
    this.#logger = logger;
    this.#every = every;
    this.#memory = memory;
    this.#wereReset = wereReset;
    this.#onLimit = onLimit;
  }

  /** Keeps the windows of these partitions of a topic and drops those of its others. */
  retain(topic: string, partitions: readonly number[]): void {
    const kept = new Set(partitions.map((partition) => key(topic, partition)));
    for (const name of this.#partitions.keys()) {
      if (name.startsWith(`${topic}/`) && !kept.has(name)) this.#drop(name);
    }
  }

  /** Drops all windows at the end of a run. */
  close(): void {
    for (const name of this.#partitions.keys()) this.#drop(name);
  }

  #drop(name: string): void {
    this.#partitions.get(name)?.windows?.close();
    this.#partitions.delete(name);
  }

  /**
   * Notes that unread records of a partition before an offset are gone. Windows that lack them
   * begin anew after them.
   */
  lost(topic: string, partition: number, toOffset: number): void {
    const known = this.#partitions.get(key(topic, partition));
    if (known !== undefined) known.lostTo = Math.max(known.lostTo, toOffset);
  }

  /**
   * Prepares an assigned partition. Resolves to the offset from which it must be read: its
   * position, or an earlier one that the log still holds.
   */
  async assign(
    topic: string,
    partition: number,
    { position, low }: { readonly position: number; readonly low: number },
  ): Promise<number> {
    const name = key(topic, partition);
    const assignment = (this.#assignments.get(name) ?? 0) + 1;
    this.#assignments.set(name, assignment);
    const stored = await this.#store.read(topic, partition);
    const from = stored === null ? position : Math.min(position, Math.max(stored.nextOffset, low));
    if (this.#assignments.get(name) === assignment) {
      this.#drop(name);
      this.#partitions.set(name, beginning(from, { position, low }, stored));
    }
    return from;
  }

  /**
   * Opens the windows for a batch, whose records count as read from now on. The windows are created
   * if the partition has none of this kind yet; null for a model without windows. A partition that
   * was never assigned is read from its beginning. Windows that have not seen everything before the
   * batch begin with it and mark values over the unseen past as missing.
   * @throws FlowlineError FLOWLINE_WINDOWS_CORRUPTED; FLOWLINE_WINDOWS_BEHIND if events before the
   * batch are missing: it was read before the partition was assigned anew, and reading has to start
   * again.
   */
  open(batch: SourceBatch, maker: WindowsMaker): Promise<EntityWindows>;
  open(batch: SourceBatch, maker: WindowsMaker | null): Promise<EntityWindows | null>;
  async open(batch: SourceBatch, maker: WindowsMaker | null): Promise<EntityWindows | null> {
    const { topic, partition, fromOffset, nextOffset } = batch;
    const name = key(topic, partition);
    const known = this.#partitions.get(name) ?? beginning(0, { position: 0, low: 0 }, null);
    if (fromOffset > known.readTo) throw behind(topic, partition, fromOffset, known.readTo);
    this.#partitions.set(name, known);
    known.readTo = Math.max(known.readTo, nextOffset);
    const { stored, windows: before } = known;
    known.stored = null;
    const misses = before !== null && before.nextOffset < known.lostTo && known.lostTo < nextOffset;
    if (maker !== null && before?.id === maker.id && !misses) return before;
    before?.close();
    known.windows = null;
    if (maker === null) return null;
    const isFirst = fromOffset === 0 && known.low === 0 && !this.#wereReset && stored === null && before === null;
    const begins = { seenFromMs: isFirst ? -Infinity : null, memory: this.#memory, onLimit: this.#onLimit };
    const windows = maker.open(begins);
    known.windows = windows;
    if (
      stored !== null &&
      stored.nextOffset >= fromOffset &&
      (await inTurns(windows.restoreSteps(stored), undefined, EACH_STEP))
    ) {
      return windows;
    }
    Object.assign(known, NO_SNAPSHOT);
    if (!isFirst) this.#warnOfBeginning(batch, { misses: misses || stored?.id === maker.id, before: before ?? stored });
    return windows;
  }

  #warnOfBeginning(
    { topic, partition, fromOffset }: SourceBatch,
    { misses, before }: { readonly misses: boolean; readonly before: { readonly id: string } | null },
  ): void {
    const changed = before === null ? 'windows begin in mid-stream' : 'the windows have changed: they fill anew';
    const why = misses ? 'records are gone that windows have not seen: they fill anew' : changed;
    const values = 'values over the past are missing until their windows have been seen whole';
    this.#logger.warn({ topic, partition, fromOffset }, `${why}; ${values}`);
  }

  /**
   * Entities of a batch that belong to other partitions, with those partitions. No windows hold
   * their whole past, so these windows forget them. An entity belongs to the first partition that
   * had an event of it.
   */
  async strays(
    { topic, topicId, partition }: SourceBatch,
    windows: EntityWindows,
    nowMs = Date.now(),
  ): Promise<ReadonlyMap<string, number>> {
    const added = windows.takeNewEntities();
    if (added.length === 0) return NO_STRAYS;
    const found = await this.#store.claim({ topic, topicId, key: windows.key, partition }, added);
    // A claim notes the day, too.
    this.#partitions.get(key(topic, partition))?.seen.addStored(added, nowMs);
    const [first] = found;
    if (first === undefined) return NO_STRAYS;
    for (const { entity } of found) windows.forget(entity);
    this.#warnOfStrays(first, found.length, { topic, partition });
    return new Map(found.map((stray) => [stray.entity, stray.partition]));
  }

  /**
   * Moves the windows behind a batch that they have seen, with events of these entities. Resolves
   * to the snapshot to store with the batch, if one is due. It is written in slices, between which
   * other work runs; the next batch must wait for it.
   */
  async advance(
    { topic, partition, nextOffset }: SourceBatch,
    windows: EntityWindows,
    names: readonly string[],
    nowMs = Date.now(),
  ): Promise<DueSnapshot> {
    windows.advance(nextOffset);
    const known = this.#partitions.get(key(topic, partition));
    if (known === undefined) return NOT_DUE;
    known.seen.add(names, nowMs);
    const { records, ms } = this.#every;
    const isDue =
      nextOffset - known.snapshotOffset >= records ||
      nowMs - known.snapshotMs >= ms ||
      known.seen.length >= SNAPSHOT_NAME_LENGTH;
    // Nothing is stored of records that are only read again.
    if (!isDue || nextOffset <= known.position) return NOT_DUE;
    known.snapshotMs = nowMs;
    known.snapshotOffset = nextOffset;
    return { windows: await inTurns(windows.snapshotSteps(), undefined, EACH_STEP), seen: known.seen.take() };
  }

  /**
   * Notes that the last snapshot of a partition was not stored, because another worker stored one:
   * the next snapshot is the whole state.
   */
  refused({ topic, partition }: SourceBatch): void {
    const known = this.#partitions.get(key(topic, partition));
    known?.windows?.startSnapshotsAnew();
    known?.seen.forget();
  }

  /**
   * Warns at most once a minute: a producer that uses a wrong partition does so again and again.
   */
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

  /** Entities remembered, events held by their windows, and the memory used, in bytes. */
  size(): { readonly entities: number; readonly events: number; readonly bytes: number } {
    let entities = 0;
    let events = 0;
    let bytes = 0;
    for (const { windows } of this.#partitions.values()) {
      entities += windows?.size ?? 0;
      events += windows?.events ?? 0;
      bytes += windows?.bytes ?? 0;
    }
    return { entities, events, bytes };
  }
}

function beginning(readTo: number, at: Pick<Partition, 'position' | 'low'>, stored: StoredWindows | null): Partition {
  const snapshot = stored === null ? NO_SNAPSHOT : { snapshotMs: Date.now(), snapshotOffset: stored.nextOffset };
  return { stored, windows: null, readTo, ...at, lostTo: 0, seen: new SeenEntities(), ...snapshot };
}

function behind(topic: string, partition: number, fromOffset: number, readTo: number): FlowlineError {
  return new FlowlineError(
    'FLOWLINE_WINDOWS_BEHIND',
    `A batch of ${topic}[${partition}] begins at ${fromOffset}, but its windows have seen events up to ${readTo} only.`,
    {
      where: `${topic}[${partition}]`,
      remedy: 'None needed: the source is reopened and resumes at the offset in Postgres.',
      retryable: true,
    },
  );
}

const key = (topic: string, partition: number): string => `${topic}/${partition}`;
