import { createHash } from 'node:crypto';

import { type EntitySpec, type Expression, type FeatureSpec, operandsOf, type StoredWindows } from '@flowline/events';

import { compileEventTime } from '../event-time.ts';
import { compileNumber, type Evaluate, type FeatureRecord, type Lookups } from '../expression.ts';
import { Fault } from '../fault.ts';
import { Coverage } from './coverage.ts';
import { compileEntityKey } from './entity-key.ts';
import { Entity } from './entity.ts';
import { type Retention, Series } from './series.ts';
import { Silence } from './silence.ts';
import { decodeSnapshot, encodeSnapshot } from './snapshot.ts';
import { type SharesMemory, WindowMemory } from './window-memory.ts';
import { attachWindowValues } from './window-values.ts';
import { type Window, windowsOf } from './window.ts';

/** What windows are over, and how many entities are remembered. */
export interface EntityWindowsOptions {
  readonly schema: readonly FeatureSpec[];
  readonly lookups: Lookups;
  readonly entity: EntitySpec;
  /** Entities that are remembered at most (default 100,000): the one that has been silent longest is forgotten first. */
  readonly maxEntities?: number;
  /** Values of their past that are remembered at most (default 1,000,000: 16 MB); the same entities are forgotten for it. */
  readonly maxEvents?: number;
  /**
   * Event time from which on all events will be seen. −Infinity (the default) for a stream that is read from its first record, null
   * for one that begins anywhere.
   */
  readonly seenFromMs?: number | null;
  /** Memory that these windows share with others (default: a bound that is never reached). */
  readonly memory?: WindowMemory;
}

/** The windows of one batch, for a record reader: look at a record, and add it once it has become an event. */
export interface BatchWindows {
  /** Gives record `index` the values of its windows; the fault where its entity or its time cannot be told. */
  look(index: number, record: FeatureRecord): Fault | null;
  /** The record looked at last is an event: later ones see it. */
  add(): void;
  /** The entity of the record looked at last. */
  readonly entity: string;
}

const MAX_ENTITIES = 100_000;
const MAX_EVENTS = 1_000_000;
/** Characters of the names that are remembered at most; the same entities are forgotten for it. */
const MAX_NAME_LENGTH = 16_000_000;
/** Version of the state that a snapshot holds. */
const STATE_VERSION = 2;

/**
 * The past of the entities of one partition, as far as windows need it: bounded, a function of the events in the order of their
 * offsets (while the memory that it shares suffices), and saved whole. Mutable: whoever could not store the events that it has seen
 * must drop it and start from a snapshot.
 */
export class EntityWindows implements SharesMemory {
  /** States of different ids cannot be taken for one another. */
  readonly id: string;
  /** The fields that name an entity. */
  readonly key: readonly string[];
  /** Entities first seen since {@link takeNewEntities} was asked. */
  readonly #newEntities = new Set<string>();
  readonly #windows: readonly (Window & { readonly series: number })[];
  readonly #series: readonly { readonly evaluate: Evaluate<number>; readonly retention: Retention }[];
  readonly #keyOf: (record: FeatureRecord) => string | Fault;
  readonly #timeOf: (record: FeatureRecord) => number | Fault;
  readonly #maxEntities: number;
  readonly #maxEvents: number;
  readonly #memory: WindowMemory;
  #coverage: Coverage;
  readonly #entities = new Map<string, Entity>();
  readonly #silence = new Silence();
  #events = 0;
  /** Of all entities, as the memory counts them. */
  #bytes = 0;
  /** Characters of the names of all entities. */
  #nameLength = 0;
  #nextOffset = 0;
  #isClosed = false;
  #isBeingSaved = false;

  /** @throws FlowlineError FLOWLINE_FEATURES_INVALID for windows that make no sense. */
  constructor({
    schema,
    lookups,
    entity,
    maxEntities = MAX_ENTITIES,
    maxEvents = MAX_EVENTS,
    seenFromMs = -Infinity,
    memory = new WindowMemory(Infinity),
  }: EntityWindowsOptions) {
    const windows = windowsOf(schema);
    const sources = [...new Map(windows.map(({ of }) => [JSON.stringify(of), of]))];
    this.#series = sources.map(([id, of]) => ({
      evaluate: of === null ? () => 1 : compileNumber(of, lookups),
      retention: windows
        .filter((window) => JSON.stringify(window.of) === id)
        .reduce(
          (most, { needs }) => ({ events: Math.max(most.events, needs.events), ms: Math.max(most.ms, needs.ms) }),
          {
            events: 0,
            ms: 0,
          },
        ),
    }));
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
    // A value of the past that came by a lookup table is not what another table would give.
    const tables = sources
      .flatMap(([, of]) => (of === null ? [] : lookupTables(of)))
      .map((name) => [name, lookups[name]]);
    this.id = createHash('sha256')
      .update(JSON.stringify([STATE_VERSION, entity, windows.map(({ id }) => id), tables, maxEntities, maxEvents]))
      .digest('hex');
  }

  /** Offsets below are seen already: their events change nothing any more. */
  get nextOffset(): number {
    return this.#nextOffset;
  }

  /** How many entities are remembered. */
  get size(): number {
    return this.#entities.size;
  }

  /** Events that windows hold, over all entities. */
  get events(): number {
    return this.#events;
  }

  /** Memory that they hold, as estimated, in bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** null while a snapshot is written, too: others make room meanwhile. */
  get silentSince(): number | null {
    return this.#isBeingSaved ? null : (this.#silence.longest?.seenAt ?? null);
  }

  forgetSilent(): void {
    const { longest } = this.#silence;
    if (longest === null || this.#isBeingSaved) return;
    this.#coverage.forget(longest.newestMs);
    this.#remove(longest);
  }

  /** Gives the memory that they share back: they are not used any more. */
  close(): void {
    this.#memory.leave(this, this.#bytes);
    this.#isClosed = true;
  }

  /**
   * The windows of a batch of records with these offsets.
   * @param timesMs their times in milliseconds where they are known; otherwise the record's own count.
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

  /** Events up to, without, this offset have been seen, whether they were for a window or not. */
  advance(nextOffset: number): void {
    this.#nextOffset = Math.max(this.#nextOffset, nextOffset);
  }

  /** Entities that came up since this was asked before, and were not remembered. */
  takeNewEntities(): readonly string[] {
    const taken = [...this.#newEntities];
    this.#newEntities.clear();
    return taken;
  }

  /** Forgets an entity, as if no event of it had been seen. */
  forget(name: string): void {
    const entity = this.#entities.get(name);
    if (entity !== undefined) this.#remove(entity);
    this.#newEntities.delete(name);
  }

  /** The whole state. */
  snapshot(): StoredWindows {
    return lastOf(this.snapshotSteps());
  }

  /**
   * The whole state, a few milliseconds of work at a step; they must be taken to the end. No event may be seen before the last one,
   * and nothing is forgotten.
   */
  *snapshotSteps(): Generator<void, StoredWindows, void> {
    this.#isBeingSaved = true;
    try {
      const state = { coverage: this.#coverage, entities: this.#silence };
      return { id: this.id, nextOffset: this.#nextOffset, bytes: yield* encodeSnapshot(state) };
    } finally {
      this.#isBeingSaved = false;
    }
  }

  /**
   * Takes over the state of a snapshot. A snapshot of other windows says nothing about these.
   * @returns whether it was of the same windows.
   * @throws FlowlineError FLOWLINE_WINDOWS_CORRUPTED for damaged bytes.
   */
  restore(snapshot: StoredWindows): boolean {
    return lastOf(this.restoreSteps(snapshot));
  }

  /** {@link restore}, a few milliseconds of work at a step; the state is taken over at the last one. */
  *restoreSteps(snapshot: StoredWindows): Generator<void, boolean, void> {
    if (snapshot.id !== this.id) return false;
    const { coverage, entities } = yield* decodeSnapshot(snapshot.bytes, this.#series.length);
    while (this.#silence.longest !== null) this.#remove(this.#silence.longest);
    this.#coverage = coverage;
    this.#nextOffset = snapshot.nextOffset;
    const seenAt = this.#memory.tick();
    for (const entity of entities) {
      entity.seenAt = seenAt;
      this.#insert(entity);
    }
    this.#memory.fit();
    return true;
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
    now.observed = this.#series.map(({ evaluate }) => evaluate(record));
    return null;
  }

  #add({ entity: name, offset, timeMs, known, observed }: Now): void {
    if (offset < this.#nextOffset) return;
    this.#nextOffset = offset + 1;
    const entity = known ?? this.#begin(name, timeMs);
    this.#coverage.note(timeMs);
    this.#count(entity, -1);
    for (const [i, value] of observed.entries()) {
      const retention = this.#series[i]?.retention;
      // What is missing, or no number, leaves no trace.
      if (retention !== undefined && typeof value === 'number' && Number.isFinite(value)) {
        entity.series[i]?.insert(timeMs, value, retention);
      }
    }
    this.#count(entity, 1);
    entity.newestMs = Math.max(entity.newestMs, timeMs);
    entity.seenAt = this.#memory.tick();
    this.#silence.remove(entity);
    this.#silence.append(entity);
    while (this.#isTooMuch()) this.forgetSilent();
    this.#memory.fit();
  }

  #begin(name: string, timeMs: number): Entity {
    const entity = Entity.begin(name, this.#series.length, this.#coverage, timeMs);
    this.#newEntities.add(name);
    this.#insert(entity);
    return entity;
  }

  #isTooMuch(): boolean {
    const fits = this.#events <= this.#maxEvents && this.#nameLength <= MAX_NAME_LENGTH;
    return !(fits && this.#entities.size <= this.#maxEntities);
  }

  /** Remembers an entity, as seen after all others. */
  #insert(entity: Entity): void {
    this.#entities.set(entity.name, entity);
    this.#silence.append(entity);
    this.#count(entity, 1);
  }

  #remove(entity: Entity): void {
    this.#entities.delete(entity.name);
    this.#silence.remove(entity);
    this.#count(entity, -1);
  }

  #count({ events, bytes, name }: Entity, sign: 1 | -1): void {
    this.#events += sign * events;
    this.#nameLength += sign * name.length;
    this.#bytes += sign * bytes;
    if (!this.#isClosed) this.#memory.take(sign * bytes);
  }
}

/** The record that a batch looked at last. */
interface Now {
  entity: string;
  offset: number;
  timeMs: number;
  /** What was remembered of its entity before it. */
  known: Entity | undefined;
  observed: readonly (number | null | Fault)[];
}

const NOTHING = new Series();

/** The result of steps that are taken in one go. */
function lastOf<T>(steps: Generator<void, T, void>): T {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** The lookup tables that an expression reads. */
function lookupTables(expression: Expression): string[] {
  if (typeof expression === 'string') return [];
  const own = 'lookup' in expression ? [expression.lookup.table] : [];
  return [...own, ...operandsOf(expression).flatMap(lookupTables)];
}
