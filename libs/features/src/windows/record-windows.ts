import { at } from '@flowline/events';
import type { EntitySpec } from '@flowline/events';

import { compileEventTime } from '../event-time.ts';
import { compileNumber, type Evaluate, type FeatureRecord, type Lookups } from '../expression.ts';
import { Fault } from '../fault.ts';
import type { WindowsDefinition } from './definition.ts';
import { compileEntityKey } from './entity-key.ts';
import { attachWindowValues } from './window-values.ts';
import { seriesOf } from './window.ts';

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

/** Windows of single events: each is looked up, then added, before the next one. */
export interface EventWindows {
  /**
   * Writes the values of the windows for an event, NaN for a missing one.
   * @param start position of the first value.
   */
  look(entity: string, offset: number, timeMs: number, values: Float64Array, start: number): void;
  /**
   * Adds the event looked up last, visible to later ones.
   * @param observed a value per series; NaN is none.
   */
  add(observed: Float64Array): void;
}

/** Reads from records what windows need of them: entity, time, and the values to remember. */
export class RecordValues {
  readonly #ids: readonly string[];
  readonly #keyOf: (record: FeatureRecord) => string | Fault;
  readonly #timeOf: (record: FeatureRecord) => number | Fault;
  readonly #evaluate: readonly Evaluate<number>[];

  constructor({ windows }: Pick<WindowsDefinition, 'windows'>, lookups: Lookups, { key, time }: EntitySpec) {
    this.#ids = windows.map(({ id }) => id);
    this.#keyOf = compileEntityKey(key);
    this.#timeOf = compileEventTime(time);
    this.#evaluate = seriesOf(windows).map((of) => (of === null ? () => 1 : compileNumber(of, lookups)));
  }

  /**
   * Returns the windows of a batch of records with these offsets.
   * @param timesMs times of the records in milliseconds; null: they are read from the records.
   */
  batch(windows: EventWindows, offsets: ArrayLike<number>, timesMs: ArrayLike<number> | null): BatchWindows {
    const observed = new Float64Array(this.#evaluate.length);
    const values = new Float64Array(this.#ids.length);
    let entity = '';
    return {
      look: (index, record) => {
        const timeMs = timesMs === null ? this.#timeOf(record) : at(timesMs, index);
        if (timeMs instanceof Fault) return timeMs;
        const name = this.#keyOf(record);
        if (name instanceof Fault) return name;
        entity = name;
        windows.look(name, at(offsets, index), timeMs, values, 0);
        attachWindowValues(record, new Map(this.#ids.map((id, i) => [id, at(values, i)])));
        this.#evaluate.forEach((evaluate, series) => {
          const value = evaluate(record);
          observed[series] = typeof value === 'number' ? value : NaN;
        });
        return null;
      },
      add: () => windows.add(observed),
      get entity() {
        return entity;
      },
    };
  }
}
