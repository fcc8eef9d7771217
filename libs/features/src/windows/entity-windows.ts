import { createHash } from 'node:crypto';

import {
  atOnce,
  type EntitySpec,
  type Expression,
  type FeatureSpec,
  operandsOf,
  type Steps,
  type StoredWindows,
  type WindowLimit,
  type WindowSnapshot,
} from '@flowline/events';

import { compileEventTime } from '../event-time.ts';
import { compileNumber, type Evaluate, type FeatureRecord, type Lookups } from '../expression.ts';
import { Fault } from '../fault.ts';
import { Coverage } from './coverage.ts';
import { compileEntityKey } from './entity-key.ts';
import { Entity, VALUE_BYTES } from './entity.ts';
import { restoreSteps } from './restore.ts';
import { type Retention, Series } from './series.ts';
import { Silence } from './silence.ts';
import { SnapshotChain, wholeState, type WindowState } from './snapshot-chain.ts';
import { type SharesMemory, WindowMemory } from './window-memory.ts';
import { attachWindowValues } from './window-values.ts';
import { type Window, windowsOf } from './window.ts';

/** Definition of a partition's windows, and limits on what they remember. */
export interface EntityWindowsOptions {
  readonly schema: readonly FeatureSpec[];
  readonly lookups: Lookups;
  readonly entity: EntitySpec;
  /**
   * Maximum number of remembered entities (default 100,000). The entity with the longest silence is
   * forgotten first.
   */
  readonly maxEntities?: number;
  /**
   * Maximum number of remembered past values (default 1,000,000: 16 MB). Entities are forgotten in
   * the same order.
   */
  readonly maxEvents?: number;
  /**
   * Event time from which every event will be seen. −Infinity (the default) for a stream that is
   * read from its first record; null for one that is read from anywhere else.
   */
  readonly seenFromMs?: number | null;
  /** Memory budget shared with other windows (default: unlimited). */
  readonly memory?: WindowMemory;
  /** Called whenever a limit other than the shared memory's is reached and past is forgotten. */
  readonly onLimit?: (limit: WindowLimit) => void;
}

/**
 * Windows of one batch, for a record reader. Each record is looked up, and added once it has become
 * an event.
 */
export interface BatchWindows {
  /**
   * Attaches the window values to record `index`. Returns the fault if its entity or time cannot be
   * determined.
   */
  look(index: number, record: FeatureRecord): Fault | null;
  /** Adds the record looked up last as an event, visible to later records. */
  add(): void;
  /** Entity of the record looked up last. */
  readonly entity: string;
}

const MAX_ENTITIES = 100_000;
const MAX_EVENTS = 1_000_000;
/**
 * Maximum total length of the remembered names, in characters. Entities are forgotten in the same
 * order.
 */
const MAX_NAME_LENGTH = 16_000_000;
/** Entities per step of a restore. */
const SLICE = 10_000;
/** Version of the state in snapshots, and the one before, which is read as well. */
const STATE_VERSION = 3;
const OLD_STATE_VERSION = 2;

/**
 * Past of the entities of one partition, as far as windows need it. It is bounded, depends only on
 * the events in offset order (as long as the shared memory suffices), and is saved as a whole.
 * Mutable: a caller that fails to store the events it has added must discard the instance and
 * restart from a snapshot.
 */
export class EntityWindows implements SharesMemory {
  /**
   * Identifies the definition of the windows and their limits. States with different ids are
   * incompatible.
   */
  readonly id: string;
  /** Fields that name an entity. */
  readonly key: readonly string[];
  /** Entities first seen since the last call of {@link takeNewEntities}. */
  readonly #newEntities = new Set<string>();
  readonly #windows: readonly (Window & { readonly series: number })[];
  readonly #evaluate: readonly Evaluate<number>[];
  readonly #retentions: readonly Retention[];
  /** Id of the same windows in the state format before. */
  readonly #oldId: string;
  readonly #onLimit: (limit: WindowLimit) => void;
  readonly #keyOf: (record: FeatureRecord) => string | Fault;
  readonly #timeOf: (record: FeatureRecord) => number | Fault;
  readonly #maxEntities: number;
  readonly #maxEvents: number;
  readonly #memory: WindowMemory;
  #coverage: Coverage;
  readonly #entities = new Map<string, Entity>();
  readonly #silence = new Silence();
  readonly #chain = new SnapshotChain(this.#entities);
  /** Order of the last event. */
  #order = 0;
  #events = 0;
  /** Estimated bytes of all entities, as charged to the shared memory. */
  #bytes = 0;
  /** Total length of the entity names, in characters. */
  #nameLength = 0;
  #nextOffset = 0;
  #isClosed = false;
  /** True while steps of a snapshot run, or of a restore: no entity is forgotten. */
  #isHeld = false;

  /** @throws FlowlineError FLOWLINE_FEATURES_INVALID for invalid windows. */
  constructor({
    schema,
    lookups,
    entity,
    maxEntities = MAX_ENTITIES,
    maxEvents = MAX_EVENTS,
    seenFromMs = -Infinity,
    memory = new WindowMemory(Infinity),
    onLimit = () => undefined,
  }: EntityWindowsOptions) {
    const windows = windowsOf(schema);
    const sources = [...new Map(windows.map(({ of }) => [JSON.stringify(of), of]))];
    this.#evaluate = sources.map(([, of]) => (of === null ? () => 1 : compileNumber(of, lookups)));
    this.#retentions = sources.map(([id]) => {
      const needs = windows.filter((window) => JSON.stringify(window.of) === id).map((window) => window.needs);
      return { events: Math.max(...needs.map(({ events }) => events)), ms: Math.max(...needs.map(({ ms }) => ms)) };
    });
    this.#windows = windows.map((window) => ({
      ...window,
      series: sources.findIndex(([id]) => id === JSON.stringify(window.of)),
    }));
    this.key = entity.key;
    this.#keyOf = compileEntityKey(entity.key);
    this.#timeOf = compileEventTime(entity.time);
    this.#maxEntities = maxEntities;
    this.#maxEvents = maxEvents;
    this.#coverage = new Coverage(seenFromMs);
    this.#memory = memory;
    memory.join(this);
    // Past values that came from a lookup table are invalid under another table, so tables are part
    // of the id.
    const tables = sources
      .flatMap(([, of]) => (of === null ? [] : lookupTables(of)))
      .map((name) => [name, lookups[name]]);
    const idOf = (version: number): string =>
      createHash('sha256')
        .update(JSON.stringify([version, entity, windows.map(({ id }) => id), tables, maxEntities, maxEvents]))
        .digest('hex');
    this.id = idOf(STATE_VERSION);
    this.#oldId = idOf(OLD_STATE_VERSION);
    this.#onLimit = onLimit;
  }

  /** First offset not yet seen. Events below it no longer change the state. */
  get nextOffset(): number {
    return this.#nextOffset;
  }

  /** Number of remembered entities. */
  get size(): number {
    return this.#entities.size;
  }

  /** Number of events that the windows hold, over all entities. */
  get events(): number {
    return this.#events;
  }

  /** Estimated memory of the windows, in bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Null while a snapshot is written, too: meanwhile other windows make room. */
  get silentSince(): number | null {
    return this.#isHeld ? null : (this.#silence.longest?.seenAt ?? null);
  }

  forgetSilent(limit: WindowLimit = 'memory'): void {
    const { longest } = this.#silence;
    if (longest === null || this.#isHeld) return;
    this.#coverage.forget(longest.newestMs);
    this.#remove(longest);
    if (limit === 'memory') this.#chain.limited(limit);
    else this.#limited(limit);
  }

  /** Returns the windows' share of the shared memory. They must not be used afterwards. */
  close(): void {
    this.#memory.leave(this, this.#bytes);
    this.#isClosed = true;
  }

  /**
   * Returns the windows of a batch of records with these offsets.
   * @param timesMs times of the records in milliseconds, if known; by default they are read from
   * the records.
   */
  batch(offsets: ArrayLike<number>, timesMs?: ArrayLike<number>): BatchWindows {
    const now: Now = { entity: '', offset: NaN, timeMs: NaN, known: undefined, observed: [] };
    return {
      look: (index, record) => {
        const timeMs = timesMs === undefined ? this.#timeOf(record) : (timesMs[index] ?? NaN);
        return timeMs instanceof Fault ? timeMs : this.#look(now, record, offsets[index] ?? NaN, timeMs);
      },
      add: () => this.#add(now),
      get entity() {
        return now.entity;
      },
    };
  }

  /**
   * Marks every offset below this one as seen, whether or not its record was an event of a window.
   */
  advance(nextOffset: number): void {
    this.#nextOffset = Math.max(this.#nextOffset, nextOffset);
  }

  /** Returns the entities that appeared since the last call and were not remembered before. */
  takeNewEntities(): readonly string[] {
    const taken = [...this.#newEntities];
    this.#newEntities.clear();
    return taken;
  }

  /** Forgets an entity, as if none of its events had been seen. */
  forget(name: string): void {
    const entity = this.#entities.get(name);
    if (entity !== undefined) this.#remove(entity);
    this.#newEntities.delete(name);
  }

  /** Returns the whole state. */
  snapshot(): StoredWindows {
    return wholeState(this.#state, this.#entities.values());
  }

  /**
   * Returns the next snapshot to store, in steps of a few milliseconds each; see
   * {@link SnapshotChain}. Run the steps to the end: until the last one, no event may be added, and
   * no entity is forgotten.
   */
  *snapshotSteps(): Steps<WindowSnapshot> {
    this.#isHeld = true;
    try {
      return yield* this.#chain.next(this.#state);
    } finally {
      this.#isHeld = false;
    }
  }

  /** Makes the next snapshot the whole state, because the last one was not stored. */
  startSnapshotsAnew(): void {
    this.#chain.continueFrom(null);
  }

  /**
   * Replaces the state with a stored one. That of other windows changes nothing.
   * @returns true if the state was of the same windows.
   * @throws FlowlineError FLOWLINE_WINDOWS_CORRUPTED for damaged bytes.
   */
  restore(stored: StoredWindows): boolean {
    return atOnce(this.restoreSteps(stored));
  }

  /**
   * {@link restore} in steps of a few milliseconds each. Run them to the end before the windows are
   * used.
   */
  *restoreSteps(stored: StoredWindows): Steps<boolean> {
    if (stored.id !== this.id && stored.id !== this.#oldId) return false;
    const { coverage, entities, order } = yield* restoreSteps(stored.pieces, this.#retentions);
    while (this.#silence.longest !== null) this.#remove(this.#silence.longest);
    this.#coverage = coverage;
    this.#order = order;
    this.#nextOffset = stored.nextOffset;
    this.#chain.continueFrom(stored.id === this.id ? stored.token : null);
    // Others that share the memory must not forget entities of half a state.
    this.#isHeld = true;
    try {
      yield* this.#fill(entities);
    } finally {
      this.#isHeld = false;
    }
    this.#memory.fit();
    return true;
  }

  *#fill(entities: ReadonlyMap<string, Entity>): Steps<void> {
    const seenAt = this.#memory.tick();
    const bySilence = [...entities.values()].sort((a, b) => a.order - b.order);
    yield;
    let inserted = 0;
    for (const entity of entities.values()) {
      this.#entities.set(entity.name, entity);
      if (++inserted % SLICE === 0) yield;
    }
    for (const entity of bySilence) {
      entity.seenAt = seenAt;
      this.#silence.append(entity);
      this.#count(entity, 1);
      if (++inserted % SLICE === 0) yield;
    }
  }

  get #state(): WindowState {
    const length = this.#nameLength + 45 * this.#entities.size + 16 * this.#events;
    return { id: this.id, nextOffset: this.#nextOffset, coverage: this.#coverage, order: this.#order, length };
  }

  #look(now: Now, record: FeatureRecord, offset: number, timeMs: number): Fault | null {
    const entity = this.#keyOf(record);
    if (entity instanceof Fault) return entity;
    const known = this.#entities.get(entity);
    const past = known?.known(this.#coverage) ?? this.#coverage.ofStranger(timeMs);
    const values = new Map<string, number>();
    for (const window of this.#windows) {
      values.set(window.id, window.valueFor(known?.series[window.series] ?? NOTHING, timeMs, past));
    }
    attachWindowValues(record, values);
    now.entity = entity;
    now.offset = offset;
    now.timeMs = timeMs;
    now.known = known;
    now.observed = this.#evaluate.map((evaluate) => evaluate(record));
    return null;
  }

  #add({ entity: name, offset, timeMs, known, observed }: Now): void {
    if (offset < this.#nextOffset) return;
    this.#nextOffset = offset + 1;
    const entity = known ?? this.#begin(name, timeMs);
    this.#coverage.note(timeMs);
    const before = entity.events;
    if (entity.observe(timeMs, observed, this.#retentions)) this.#limited('events_of_entity');
    const added = entity.events - before;
    this.#events += added;
    this.#charge(added * VALUE_BYTES);
    entity.order = ++this.#order;
    this.#chain.added(entity, timeMs, observed, known === undefined);
    entity.seenAt = this.#memory.tick();
    this.#silence.remove(entity);
    this.#silence.append(entity);
    for (let limit = this.#exceeded(); limit !== null; limit = this.#exceeded()) this.forgetSilent(limit);
    this.#memory.fit();
  }

  #limited(limit: WindowLimit): void {
    this.#chain.limited(limit);
    this.#onLimit(limit);
  }

  #begin(name: string, timeMs: number): Entity {
    const entity = Entity.begin(name, this.#retentions.length, this.#coverage, timeMs);
    entity.savedTo = this.#nextOffset;
    this.#newEntities.add(name);
    this.#insert(entity);
    return entity;
  }

  /** Limit of these windows that is exceeded; null if none is. */
  #exceeded(): WindowLimit | null {
    if (this.#events > this.#maxEvents) return 'events';
    if (this.#entities.size > this.#maxEntities) return 'entities';
    return this.#nameLength > MAX_NAME_LENGTH ? 'names' : null;
  }

  /** Inserts an entity as the one seen most recently. */
  #insert(entity: Entity): void {
    this.#entities.set(entity.name, entity);
    this.#silence.append(entity);
    this.#count(entity, 1);
  }

  #remove(entity: Entity): void {
    this.#entities.delete(entity.name);
    this.#silence.remove(entity);
    this.#count(entity, -1);
    entity.isForgotten = true;
    this.#chain.forgotten(entity, this.#order + 1);
  }

  #count({ events, bytes, name }: Entity, sign: 1 | -1): void {
    this.#events += sign * events;
    this.#nameLength += sign * name.length;
    this.#charge(sign * bytes);
  }

  #charge(bytes: number): void {
    this.#bytes += bytes;
    if (!this.#isClosed) this.#memory.take(bytes);
  }
}

/** Record that a batch looked up last. */
interface Now {
  entity: string;
  offset: number;
  timeMs: number;
  /** Remembered state of its entity before this record. */
  known: Entity | undefined;
  observed: readonly (number | null | Fault)[];
}

const NOTHING = new Series();

/** Names of the lookup tables that an expression reads. */
function lookupTables(expression: Expression): string[] {
  if (typeof expression === 'string') return [];
  const own = 'lookup' in expression ? [expression.lookup.table] : [];
  return [...own, ...operandsOf(expression).flatMap(lookupTables)];
}
