import type { DetectorDefinition } from '@flowline/config';
import { eventTimeOf, type FeatureTable, levelText, type PlainColumns } from '@flowline/features';
import { FieldKind, type FieldReader, type RecordDecoder, type SourceRecord } from '@flowline/stream';

/** Events of a batch, without its dead letters. */
export interface EventRows {
  /** Features in original units. */
  readonly table: FeatureTable;
  readonly offsets: Float64Array;
  readonly eventIds: readonly string[];
  /** Milliseconds since the epoch. */
  readonly eventTimesMs: Float64Array;
}

/** Event id made from a record's position, for events without an id of their own. */
export type PositionId = (record: SourceRecord) => string;

/** Rows of one batch, filled record by record. */
export interface PlainRows {
  /** Adds a record. If it is not plain, adds nothing and returns false. */
  add(record: SourceRecord, value: Uint8Array): boolean;
  rows(): EventRows;
}

/** A column, and the number of the field that it is read from. */
type Placed<C> = C & { readonly at: number };

/** Compiled shortcut of a source. */
interface PlainSource {
  readonly fields: FieldReader;
  readonly timeOf: ReturnType<typeof eventTimeOf>;
  readonly timeField: number;
  /** Null for events without an id of their own. */
  readonly idField: number | null;
  readonly numeric: readonly Placed<PlainColumns['numeric'][number]>[];
  readonly levels: readonly Placed<PlainColumns['levels'][number]>[];
}

/**
 * Compiles the shortcut of a source: bytes → columns, without objects in between. It takes only
 * records that are valid events beyond doubt; the reader handles all others and reports their
 * faults. Null if the format has no such shortcut, or a field needs the reader.
 * @returns a function that begins a batch of at most `size` records.
 */
export function compilePlainColumns(
  source: DetectorDefinition['source'],
  format: RecordDecoder,
  columns: PlainColumns | null,
): ((size: number, positionId: PositionId) => PlainRows) | null {
  const { time, eventId } = source;
  const isPlain = (field: string | null): boolean => !field?.includes('.');
  if (columns === null || !isPlain(time.field) || !isPlain(eventId)) return null;
  const names = [...new Set([time.field, ...(eventId === null ? [] : [eventId]), ...fieldsOf(columns)])];
  const place = (field: string): number => names.indexOf(field);
  const fields = format.fields?.(names);
  if (fields === undefined) return null;
  const plain: PlainSource = {
    fields,
    timeOf: eventTimeOf(time),
    timeField: place(time.field),
    idField: eventId === null ? null : place(eventId),
    numeric: columns.numeric.map((column) => ({ ...column, at: place(column.field) })),
    levels: columns.levels.map((column) => ({ ...column, at: place(column.field) })),
  };
  return (size, positionId) => new PlainBatch(plain, size, positionId);
}

/** Columns of one batch. Nothing is allocated per record besides its texts. */
class PlainBatch implements PlainRows {
  readonly #source: PlainSource;
  readonly #positionId: PositionId;
  readonly #numbers: Float64Array;
  readonly #levels: (string | null)[] = [];
  readonly #offsets: Float64Array;
  readonly #times: Float64Array;
  readonly #ids: string[] = [];
  #row = 0;

  constructor(source: PlainSource, size: number, positionId: PositionId) {
    this.#source = source;
    this.#positionId = positionId;
    this.#numbers = new Float64Array(size * source.numeric.length);
    this.#offsets = new Float64Array(size);
    this.#times = new Float64Array(size);
  }

  add(record: SourceRecord, value: Uint8Array): boolean {
    let isAdded = false;
    try {
      isAdded = this.#addRow(record, value);
    } catch {
      // The reader meets the same record and reports its fault.
    }
    if (isAdded) this.#row++;
    else this.#levels.length = this.#row * this.#source.levels.length; // drops a partly added row
    return isAdded;
  }

  rows(): EventRows {
    const row = this.#row;
    const { numeric, levels } = this.#source;
    return {
      table: {
        size: row,
        numeric: this.#numbers.subarray(0, row * numeric.length),
        numericWidth: numeric.length,
        levels: this.#levels,
        levelWidth: levels.length,
      },
      offsets: this.#offsets.subarray(0, row),
      eventIds: this.#ids,
      eventTimesMs: this.#times.subarray(0, row),
    };
  }

  #addRow(record: SourceRecord, bytes: Uint8Array): boolean {
    const { fields, timeOf, timeField, idField } = this.#source;
    if (!fields.read(bytes)) return false;
    const time = timeValueOf(fields, timeField);
    const timeMs = time === undefined ? undefined : timeOf(time);
    const id = idField === null ? this.#positionId(record) : nameOf(fields, idField);
    if (typeof timeMs !== 'number' || id === undefined) return false;
    if (!this.#addNumbers(fields) || !this.#addLevels(fields)) return false;
    this.#offsets[this.#row] = record.offset;
    this.#times[this.#row] = timeMs;
    this.#ids.push(id);
    return true;
  }

  #addNumbers(fields: FieldReader): boolean {
    const { numeric } = this.#source;
    const values = this.#numbers;
    let to = this.#row * numeric.length;
    for (const { at, nullable, largest } of numeric) {
      const kind = fields.kind(at);
      if (kind === FieldKind.number) {
        const value = fields.number(at);
        if (!(Math.abs(value) <= largest)) return false;
        values[to++] = value;
      } else if (nullable && isMissing(kind)) {
        values[to++] = NaN;
      } else {
        return false;
      }
    }
    return true;
  }

  #addLevels(fields: FieldReader): boolean {
    for (const { at, nullable, onlyBoolean } of this.#source.levels) {
      const level = levelOf(fields, at, onlyBoolean);
      if (level === undefined || (level === null && !nullable)) return false;
      this.#levels.push(level);
    }
    return true;
  }
}

const fieldsOf = ({ numeric, levels }: PlainColumns): readonly string[] =>
  [...numeric, ...levels].map(({ field }) => field);

const isMissing = (kind: FieldKind): boolean => kind === FieldKind.absent || kind === FieldKind.null;

/** Value of a field that may be a time, a number or text; undefined for anything else. */
function timeValueOf(fields: FieldReader, at: number): number | string | undefined {
  const kind = fields.kind(at);
  if (kind === FieldKind.number) return fields.number(at);
  return kind === FieldKind.text ? fields.text(at) : undefined;
}

/** A number or text in its original spelling; undefined for anything else. */
function nameOf(fields: FieldReader, at: number): string | undefined {
  const kind = fields.kind(at);
  return kind === FieldKind.number || kind === FieldKind.text ? fields.text(at) : undefined;
}

/** A level, or null if it is missing; undefined for any other value. */
function levelOf(fields: FieldReader, at: number, onlyBoolean: boolean): string | null | undefined {
  const kind = fields.kind(at);
  if (isMissing(kind)) return null;
  if (kind === FieldKind.true) return 'true';
  if (kind === FieldKind.false) return 'false';
  const name = onlyBoolean ? undefined : nameOf(fields, at);
  return name === undefined ? undefined : levelText(name);
}
