import { at, atOnce, type Steps, type StoredWindows, type WindowLimit, type WindowSnapshot } from '@flowline/events';

import { Coverage } from './coverage.ts';
import { defineWindows, type WindowsDefinition } from './definition.ts';
import { Entity } from './entity.ts';
import type { EntityWindowsOptions } from './options.ts';
import { type BatchWindows, type EventWindows, RecordValues } from './record-windows.ts';
import { RememberedEntities } from './remembered-entities.ts';
import { restoreSteps } from './restore.ts';
import { Series } from './series.ts';
import { SnapshotChain, wholeState, type WindowState } from './snapshot-chain.ts';
import { type SharesMemory, WindowMemory } from './window-memory.ts';

const MAX_ENTITIES = 100_000;
const MAX_EVENTS = 1_000_000;
const NOTHING = new Series();

/**
 * Past of the entities of one partition, as far as windows need it. It is bounded, depends only on
 * the events in offset order (as long as the shared memory suffices), and is saved as a whole.
 * Mutable: a caller that fails to store the events it has added must discard the instance and
 * restart from a snapshot.
 */
export class EntityWindows implements SharesMemory, EventWindows {
  /** Fields that name an entity. */
  readonly key: readonly string[];
  /** Entities first seen since the last call of {@link takeNewEntities}. */
  readonly #newEntities = new Set<string>();
  readonly #definition: WindowsDefinition;
  readonly #records: RecordValues;
  readonly #onLimit: (limit: WindowLimit) => void;
  readonly #memory: WindowMemory;
  readonly #entities: RememberedEntities;
  readonly #chain: SnapshotChain;
  #coverage: Coverage;
  /** Event that was looked up last. */
  readonly #now: Now = { entity: '', offset: NaN, timeMs: NaN, known: undefined };
  /** Order of the last event. */
  #order = 0;
  #nextOffset = 0;
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
    this.#definition = defineWindows(schema, lookups, entity, { maxEntities, maxEvents });
    this.#records = new RecordValues(this.#definition, lookups, entity);
    this.key = entity.key;
    this.#coverage = new Coverage(seenFromMs);
    this.#entities = new RememberedEntities({ maxEntities, maxEvents }, memory);
    this.#chain = new SnapshotChain(this.#entities.byName);
    this.#memory = memory;
    this.#onLimit = onLimit;
    memory.join(this);
  }

  /**
   * Identifies the definition of the windows and their limits. States with different ids are
   * incompatible.
   */
  get id(): string {
    return this.#definition.id;
  }

  /** First offset not yet seen. Events below it no longer change the state. */
  get nextOffset(): number {
    return this.#nextOffset;
  }

  /** Number of remembered entities. */
  get size(): number {
    return this.#entities.byName.size;
  }

  /** Number of events that the windows hold, over all entities. */
  get events(): number {
    return this.#entities.events;
  }

  /** Estimated memory of the windows, in bytes. */
  get bytes(): number {
    return this.#entities.bytes;
  }

  /** Null while a snapshot is written, too: meanwhile other windows make room. */
  get silentSince(): number | null {
    return this.#isHeld ? null : (this.#entities.mostSilent?.seenAt ?? null);
  }

  forgetSilent(limit: WindowLimit = 'memory'): void {
    const { mostSilent } = this.#entities;
    if (mostSilent === null || this.#isHeld) return;
    this.#coverage.forget(mostSilent.newestMs);
    this.#remove(mostSilent);
    if (limit === 'memory') this.#chain.limited(limit);
    else this.#limited(limit);
  }

  /** Returns the windows' share of the shared memory. They must not be used afterwards. */
  close(): void {
    this.#entities.close(this);
  }

  /**
   * Returns the windows of a batch of records with these offsets.
   * @param timesMs times of the records in milliseconds, if known; by default they are read from
   * the records.
   */
  batch(offsets: ArrayLike<number>, timesMs: ArrayLike<number> | null = null): BatchWindows {
    return this.#records.batch(this, offsets, timesMs);
  }

  look(entity: string, offset: number, timeMs: number, values: Float64Array, start: number): void {
    const known = this.#entities.byName.get(entity);
    const past = known?.known(this.#coverage) ?? this.#coverage.ofStranger(timeMs);
    const { windows } = this.#definition;
    for (let i = 0; i < windows.length; i++) {
      const { series, valueFor } = at(windows, i);
      values[start + i] = valueFor(known?.series[series] ?? NOTHING, timeMs, past);
    }
    const now = this.#now;
    now.entity = entity;
    now.offset = offset;
    now.timeMs = timeMs;
    now.known = known;
  }

  add(observed: Float64Array): void {
    const { entity: name, offset, timeMs, known } = this.#now;
    if (offset < this.#nextOffset) return;
    this.#nextOffset = offset + 1;
    const entity = known ?? this.#begin(name, timeMs);
    this.#coverage.note(timeMs);
    const before = entity.events;
    if (entity.observe(timeMs, observed, this.#definition.retentions)) this.#limited('events_of_entity');
    entity.order = ++this.#order;
    this.#chain.added(entity, timeMs, observed, known === undefined);
    this.#entities.seen(entity, entity.events - before);
    for (let limit = this.#entities.exceeded; limit !== null; limit = this.#entities.exceeded) this.forgetSilent(limit);
    this.#memory.fit();
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
    const entity = this.#entities.byName.get(name);
    if (entity !== undefined) this.#remove(entity);
    this.#newEntities.delete(name);
  }

  /** Returns the whole state. */
  snapshot(): StoredWindows {
    return wholeState(this.#state, this.#entities.byName.values());
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
    const { id, oldId, retentions } = this.#definition;
    if (stored.id !== id && stored.id !== oldId) return false;
    const { coverage, entities, order } = yield* restoreSteps(stored.pieces, retentions);
    for (let left = this.#entities.mostSilent; left !== null; left = this.#entities.mostSilent) this.#remove(left);
    this.#coverage = coverage;
    this.#order = order;
    this.#nextOffset = stored.nextOffset;
    this.#chain.continueFrom(stored.id === id ? stored.token : null);
    // Others that share the memory must not forget entities of half a state.
    this.#isHeld = true;
    try {
      yield* this.#entities.fill(entities);
    } finally {
      this.#isHeld = false;
    }
    this.#memory.fit();
    return true;
  }

  get #state(): WindowState {
    const { storedBytes: length } = this.#entities;
    return { id: this.id, nextOffset: this.#nextOffset, coverage: this.#coverage, order: this.#order, length };
  }

  #limited(limit: WindowLimit): void {
    this.#chain.limited(limit);
    this.#onLimit(limit);
  }

  #begin(name: string, timeMs: number): Entity {
    const entity = Entity.begin(name, this.#definition.retentions.length, this.#coverage, timeMs);
    entity.savedTo = this.#nextOffset;
    this.#newEntities.add(name);
    this.#entities.insert(entity);
    return entity;
  }

  #remove(entity: Entity): void {
    this.#entities.remove(entity);
    this.#chain.forgotten(entity, this.#order + 1);
  }
}

/** Event that was looked up last. */
interface Now {
  entity: string;
  offset: number;
  timeMs: number;
  /** Remembered state of its entity before this event. */
  known: Entity | undefined;
}
