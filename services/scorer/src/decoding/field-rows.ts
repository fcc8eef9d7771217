import type { DetectorDefinition } from '@flowline/config';
import { at } from '@flowline/events';
import { eventTimeOf, type EventWindows, type FieldColumns } from '@flowline/features';
import type { FieldReader, RecordDecoder, SourceRecord } from '@flowline/stream';

import type { EventRows } from './event-rows.ts';
import { entityOf, levelOf, nameOf, numberOf, timeValueOf } from './field-values.ts';

/** Event id made from a record's position, for events without an id of their own. */
type PositionId = (record: SourceRecord) => string;

/** Windows over the past of entities, and the fields that name an entity. */
type Past = EventWindows & { readonly key: readonly string[] };

/** Rows of one batch, filled record by record in offset order. */
interface FieldRows {
  /** Reads the fields of a record. Returns false if it is not plain. */
  read(record: SourceRecord, value: Uint8Array): boolean;
  /** Id and time of the event read last. */
  readonly eventId: string;
  readonly eventTimeMs: number;
  /**
   * Adds the record read last as an event, to the windows as well. Adds nothing and returns false
   * if it may lack a value.
   */
  add(): boolean;
  rows(): EventRows;
}

/** Begins the rows of a batch of at most `size` records; null if it needs the reader. */
type BeginRows = (size: number, positionId: PositionId, past: Past | null) => FieldRows | null;

/** Compiled shortcut of a source. Its fields go by their numbers. */
interface FieldSource {
  readonly fields: FieldReader;
  readonly columns: FieldColumns;
  readonly timeOf: ReturnType<typeof eventTimeOf>;
  readonly time: number;
  /** Null for events without an id of their own. */
  readonly id: number | null;
  readonly key: readonly number[];
  /** Fields of the first inputs. */
  readonly inputs: readonly number[];
  readonly levels: readonly { readonly field: number; readonly nullable: boolean; readonly onlyBoolean: boolean }[];
}

/**
 * Compiles the shortcut of a source: bytes → columns, without objects in between. It takes only
 * records that are valid events beyond doubt; the reader handles all others and reports their
 * faults. Null if the format has no such shortcut, or a field needs the reader.
 */
export function compileFieldRows(
  { time, eventId, key }: Pick<DetectorDefinition['source'], 'time' | 'eventId' | 'key'>,
  format: RecordDecoder,
  columns: FieldColumns | null,
): BeginRows | null {
  const keyFields = key ?? [];
  const own = [time.field, ...(eventId === null ? [] : [eventId]), ...keyFields];
  if (columns === null || own.some((field) => field.includes('.'))) return null;
  const names = [...new Set([...own, ...columns.fields, ...columns.levels.map(({ field }) => field)])];
  const place = (field: string): number => names.indexOf(field);
  const fields = format.fields?.(names);
  if (fields === undefined) return null;
  const source: FieldSource = {
    ...{ fields, columns, timeOf: eventTimeOf(time), time: place(time.field) },
    id: eventId === null ? null : place(eventId),
    key: keyFields.map(place),
    inputs: columns.fields.map(place),
    levels: columns.levels.map((level) => ({ ...level, field: place(level.field) })),
  };
  return (size, positionId, past) => {
    const isPlain = past === null ? columns.windows === 0 : isSame(past.key, keyFields);
    return isPlain ? new FieldBatch(source, size, positionId, past) : null;
  };
}

/** Columns of one batch. Nothing is allocated per record besides its texts. */
class FieldBatch implements FieldRows {
  readonly #source: FieldSource;
  readonly #positionId: PositionId;
  readonly #past: Past | null;
  readonly #numbers: Float64Array;
  readonly #levels: (string | null)[] = [];
  readonly #offsets: Float64Array;
  readonly #times: Float64Array;
  readonly #ids: string[] = [];
  readonly #entities: string[] = [];
  #row = 0;
  /** Inputs of the record read last, what windows remember of it, its id and its entity. */
  readonly #inputs: Float64Array;
  readonly #observed: Float64Array;
  #id = '';
  #entity = '';

  constructor(source: FieldSource, size: number, positionId: PositionId, past: Past | null) {
    const { numeric, fields, windows, observed } = source.columns;
    this.#source = source;
    this.#positionId = positionId;
    this.#past = past;
    this.#numbers = new Float64Array(size * numeric.length);
    this.#offsets = new Float64Array(size);
    this.#times = new Float64Array(size);
    this.#inputs = new Float64Array(fields.length + windows);
    this.#observed = new Float64Array(observed.length);
  }

  get eventId(): string {
    return this.#id;
  }

  get eventTimeMs(): number {
    return at(this.#times, this.#row);
  }

  read(record: SourceRecord, value: Uint8Array): boolean {
    this.#dropRest();
    try {
      return this.#source.fields.read(value) && this.#readEvent(record) && this.#readInputs() && this.#readLevels();
    } catch {
      // The reader meets the same record and reports its fault.
      return false;
    }
  }

  add(): boolean {
    try {
      if (this.#past === null) {
        if (!this.#addNumbers()) return false;
      } else if (!this.#addWithPast(this.#past)) return false;
    } catch {
      return false;
    }
    this.#ids.push(this.#id);
    this.#row++;
    return true;
  }

  rows(): EventRows {
    const row = this.#row;
    const { columns, levels } = this.#source;
    const numericWidth = columns.numeric.length;
    this.#dropRest();
    return {
      table: {
        size: row,
        numeric: this.#numbers.subarray(0, row * numericWidth),
        numericWidth,
        levels: this.#levels,
        levelWidth: levels.length,
      },
      offsets: this.#offsets.subarray(0, row),
      eventIds: this.#ids,
      eventTimesMs: this.#times.subarray(0, row),
      entities: this.#past && this.#entities,
    };
  }

  /** Drops the levels of a row that was not added. */
  #dropRest(): void {
    const end = this.#row * this.#source.levels.length;
    if (this.#levels.length > end) this.#levels.length = end;
  }

  #readEvent(record: SourceRecord): boolean {
    const { fields, timeOf, time, id, key } = this.#source;
    const value = timeValueOf(fields, time);
    const timeMs = value === undefined ? undefined : timeOf(value);
    const name = id === null ? this.#positionId(record) : nameOf(fields, id);
    const entity = this.#past === null ? '' : entityOf(fields, key);
    if (typeof timeMs !== 'number' || name === undefined || entity === undefined) return false;
    this.#offsets[this.#row] = record.offset;
    this.#times[this.#row] = timeMs;
    this.#id = name;
    this.#entity = entity;
    return true;
  }

  #readInputs(): boolean {
    const { fields, inputs } = this.#source;
    for (let i = 0; i < inputs.length; i++) {
      const value = numberOf(fields, at(inputs, i));
      if (Math.abs(value) === Infinity) return false;
      this.#inputs[i] = value;
    }
    return true;
  }

  #readLevels(): boolean {
    const { fields, levels } = this.#source;
    for (const { field, nullable, onlyBoolean } of levels) {
      const level = levelOf(fields, field, onlyBoolean);
      if (level === undefined || (level === null && !nullable)) return false;
      this.#levels.push(level);
    }
    return true;
  }

  #addWithPast(past: Past): boolean {
    const row = this.#row;
    const { columns, inputs } = this.#source;
    past.look(this.#entity, at(this.#offsets, row), at(this.#times, row), this.#inputs, inputs.length);
    for (let series = 0; series < columns.observed.length; series++) {
      const value = at(columns.observed, series)(this.#inputs);
      if (Math.abs(value) === Infinity) return false;
      this.#observed[series] = value;
    }
    if (!this.#addNumbers()) return false;
    past.add(this.#observed);
    this.#entities.push(this.#entity);
    return true;
  }

  #addNumbers(): boolean {
    const { numeric } = this.#source.columns;
    const inputs = this.#inputs;
    let to = this.#row * numeric.length;
    for (const { input, compute, nullable, largest } of numeric) {
      const value = input < 0 ? compute(inputs) : at(inputs, input);
      if (!(Math.abs(value) <= largest) && !(nullable && Number.isNaN(value))) return false;
      this.#numbers[to++] = value;
    }
    return true;
  }
}

const isSame = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((field, i) => field === b[i]);
