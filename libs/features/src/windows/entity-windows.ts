import { createHash } from 'node:crypto';

import { type EntitySpec, type Expression, type FeatureSpec, operandsOf, type StoredWindows } from '@flowline/events';

import { compileEventTime } from '../event-time.ts';
import { compileNumber, type Evaluate, type FeatureRecord, type Lookups } from '../expression.ts';
import { Fault } from '../fault.ts';
import { compileEntityKey } from './entity-key.ts';
import { type Retention, Series } from './series.ts';
import { decodeSnapshot, encodeSnapshot } from './snapshot.ts';
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

/**
 * The past of the entities of one partition, as far as windows need it: bounded, a function of the events in the order of their
 * offsets, and saved whole. Mutable: whoever could not store the events that it has seen must drop it and start from a snapshot.
 */
export class EntityWindows {
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
  /** By entity, a series for each of `#series`; the entity that was seen last comes last. */
  #entities = new Map<string, readonly Series[]>();
  #events = 0;
  /** Characters of the names of all entities. */
  #nameLength = 0;
  #nextOffset = 0;

  /** @throws FlowlineError FLOWLINE_FEATURES_INVALID for windows that make no sense. */
  constructor({ schema, lookups, entity, maxEntities = MAX_ENTITIES, maxEvents = MAX_EVENTS }: EntityWindowsOptions) {
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
    // A value of the past that came by a lookup table is not what another table would give.
    const tables = sources
      .flatMap(([, of]) => (of === null ? [] : lookupTables(of)))
      .map((name) => [name, lookups[name]]);
    this.id = createHash('sha256')
      .update(JSON.stringify([entity, windows.map(({ id }) => id), tables, maxEntities, maxEvents]))
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

  /**
   * The windows of a batch of records with these offsets.
   * @param timesMs their times in milliseconds where they are known; otherwise the record's own count.
   */
  batch(offsets: ArrayLike<number>, timesMs?: ArrayLike<number>): BatchWindows {
    const now: Now = { entity: '', offset: NaN, timeMs: NaN, series: undefined, observed: [] };
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
  forget(entity: string): void {
    const series = this.#entities.get(entity);
    if (series !== undefined) this.#remove(entity, series);
    this.#newEntities.delete(entity);
  }

  /** The whole state. */
  snapshot(): StoredWindows {
    const steps = this.snapshotSteps();
    for (;;) {
      const step = steps.next();
      if (step.done === true) return step.value;
    }
  }

  /** The whole state, a few milliseconds of work at a step; no event may be seen before the last one. */
  *snapshotSteps(): Generator<void, StoredWindows, void> {
    return { id: this.id, nextOffset: this.#nextOffset, bytes: yield* encodeSnapshot(this.#entities) };
  }

  /**
   * Takes over the state of a snapshot. A snapshot of other windows says nothing about these.
   * @returns whether it was of the same windows.
   * @throws FlowlineError FLOWLINE_WINDOWS_CORRUPTED for damaged bytes.
   */
  restore(snapshot: StoredWindows): boolean {
    if (snapshot.id !== this.id) return false;
    this.#entities = decodeSnapshot(snapshot.bytes, this.#series.length);
    this.#nextOffset = snapshot.nextOffset;
    this.#events = 0;
    this.#nameLength = 0;
    for (const [entity, series] of this.#entities) {
      this.#events += heldBy(series);
      this.#nameLength += entity.length;
    }
    return true;
  }

  #look(now: Now, record: FeatureRecord, offset: number, timeMs: number): Fault | null {
    const entity = this.#keyOf(record);
    if (entity instanceof Fault) return entity;
    const series = this.#entities.get(entity);
    const values = new Map<string, number>();
    for (const window of this.#windows) {
      values.set(window.id, window.valueFor(series?.[window.series] ?? NOTHING, timeMs));
    }
    attachWindowValues(record, values);
    now.entity = entity;
    now.offset = offset;
    now.timeMs = timeMs;
    now.series = series;
    now.observed = this.#series.map(({ evaluate }) => evaluate(record));
    return null;
  }

  #add({ entity, offset, timeMs, series, observed }: Now): void {
    if (offset < this.#nextOffset) return;
    this.#nextOffset = offset + 1;
    if (series === undefined) {
      this.#newEntities.add(entity);
      this.#nameLength += entity.length;
    } else {
      this.#entities.delete(entity);
    }
    const own = series ?? this.#series.map(() => new Series());
    this.#entities.set(entity, own);
    const before = heldBy(own);
    for (const [i, value] of observed.entries()) {
      const retention = this.#series[i]?.retention;
      // What is missing, or no number, leaves no trace.
      if (retention !== undefined && typeof value === 'number' && Number.isFinite(value)) {
        own[i]?.insert(timeMs, value, retention);
      }
    }
    this.#events += heldBy(own) - before;
    this.#forgetSilent();
  }

  /** Forgets the entities that have been silent longest, while there is too much to remember. */
  #forgetSilent(): void {
    for (const [entity, series] of this.#entities) {
      const fits = this.#events <= this.#maxEvents && this.#nameLength <= MAX_NAME_LENGTH;
      if (fits && this.#entities.size <= this.#maxEntities) return;
      this.#remove(entity, series);
    }
  }

  #remove(entity: string, series: readonly Series[]): void {
    this.#entities.delete(entity);
    this.#events -= heldBy(series);
    this.#nameLength -= entity.length;
  }
}

/** The record that a batch looked at last. */
interface Now {
  entity: string;
  offset: number;
  timeMs: number;
  series: readonly Series[] | undefined;
  observed: readonly (number | null | Fault)[];
}

const NOTHING = new Series();

const heldBy = (series: readonly Series[]): number => series.reduce((events, { length }) => events + length, 0);

/** The lookup tables that an expression reads. */
function lookupTables(expression: Expression): string[] {
  if (typeof expression === 'string') return [];
  const own = 'lookup' in expression ? [expression.lookup.table] : [];
  return [...own, ...operandsOf(expression).flatMap(lookupTables)];
}
