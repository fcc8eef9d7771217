import { at } from '@flowline/events';

import type { Coverage, KnownPast } from './coverage.ts';
import { type Retention, Series } from './series.ts';

/** Heap bytes per entity and series, as measured on V8. A name counts two bytes per character. */
const ENTITY_BYTES = 350;
const SERIES_BYTES = 400;
/** Heap bytes per value, with the state of statistics over it. */
export const VALUE_BYTES = 40;

/** Past of one entity: a node of the list of entities in the order in which they were last seen. */
export class Entity {
  readonly name: string;
  readonly series: readonly Series[];
  /** Event time up to which its events may have been forgotten. */
  readonly forgottenToMs: number;
  readonly isNew: boolean;
  /** Latest event time. */
  newestMs: number;
  /** Time of its last event, in the process's count of events. */
  seenAt = 0;
  /** Position of its last event in the order of its windows. */
  order = 0;
  /** Offset of the first event that is not needed to restore it: its whole state is stored. */
  savedTo = 0;
  /** True once it has been forgotten. */
  isForgotten = false;
  /** Slice of the change log that has its name, and the index of the name there. */
  slice = 0;
  index = 0;
  older: Entity | null = null;
  newer: Entity | null = null;

  constructor(
    name: string,
    series: readonly Series[],
    { forgottenToMs, isNew, newestMs }: Pick<Entity, 'forgottenToMs' | 'isNew' | 'newestMs'>,
  ) {
    this.name = name;
    this.series = series;
    this.forgottenToMs = forgottenToMs;
    this.isNew = isNew;
    this.newestMs = newestMs;
  }

  /** Creates the entity of a first event at a time. */
  static begin(name: string, width: number, coverage: Coverage, timeMs: number): Entity {
    const series = Array.from({ length: width }, () => new Series());
    const { isNew } = coverage.ofStranger(timeMs);
    return new Entity(name, series, { forgottenToMs: coverage.forgottenToMs, isNew, newestMs: timeMs });
  }

  /**
   * Adds an event.
   * @param observed a number per series; one that is not finite is not recorded.
   * @returns true if too many values were within reach of a window.
   */
  observe(timeMs: number, observed: Float64Array, retentions: readonly Retention[]): boolean {
    let isFull = false;
    for (let i = 0; i < retentions.length; i++) {
      const value = at(observed, i);
      if (!Number.isFinite(value)) continue;
      if (at(this.series, i).insert(timeMs, value, at(retentions, i))) isFull = true;
    }
    this.newestMs = Math.max(this.newestMs, timeMs);
    return isFull;
  }

  /** Number of values in its series. */
  get events(): number {
    let events = 0;
    for (const { length } of this.series) events += length;
    return events;
  }

  /** Estimated memory in bytes, its name included. */
  get bytes(): number {
    return ENTITY_BYTES + 2 * this.name.length + SERIES_BYTES * this.series.length + VALUE_BYTES * this.events;
  }

  /** Known past of the entity within a coverage. */
  known(coverage: Coverage): KnownPast {
    return { seenFromMs: Math.max(coverage.seenFromMs, this.forgottenToMs), isNew: this.isNew };
  }
}
