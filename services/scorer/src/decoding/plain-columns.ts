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
  const { numeric, levels } = columns;
  const names = [...new Set([time.field, ...(eventId === null ? [] : [eventId]), ...fieldsOf(columns)])];
  const place = (field: string): number => names.indexOf(field);
  const fields = format.fields?.(names);
  if (fields === undefined) return null;
  const timeOf = eventTimeOf(time);
  const timeField = place(time.field);
  const idField = eventId === null ? null : place(eventId);
  const numbers = numeric.map((column) => ({ ...column, at: place(column.field) }));
  const words = levels.map((column) => ({ ...column, at: place(column.field) }));

  return (size, positionId) => {
    const values = new Float64Array(size * numbers.length);
    const texts: (string | null)[] = [];
    const offsets = new Float64Array(size);
    const times = new Float64Array(size);
    const ids: string[] = [];
    let row = 0;

    const addNumbers = (): boolean => {
      let to = row * numbers.length;
      for (const { at, nullable, largest } of numbers) {
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
    };
    const addLevels = (): boolean => {
      for (const { at, nullable, onlyBoolean } of words) {
        const level = levelOf(fields, at, onlyBoolean);
        if (level === undefined || (level === null && !nullable)) return false;
        texts.push(level);
      }
      return true;
    };

    const addRow = (record: SourceRecord, bytes: Uint8Array): boolean => {
      if (!fields.read(bytes)) return false;
      const time = timeValueOf(fields, timeField);
      const timeMs = time === undefined ? undefined : timeOf(time);
      const id = idField === null ? positionId(record) : nameOf(fields, idField);
      if (typeof timeMs !== 'number' || id === undefined) return false;
      if (!addNumbers() || !addLevels()) return false;
      offsets[row] = record.offset;
      times[row] = timeMs;
      ids.push(id);
      return true;
    };

    return {
      add: (record, bytes) => {
        let isAdded = false;
        try {
          isAdded = addRow(record, bytes);
        } catch {
          // The reader meets the same record and reports its fault.
        }
        if (isAdded) row++;
        else texts.length = row * words.length; // drops a partly added row
        return isAdded;
      },
      rows: () => ({
        table: {
          size: row,
          numeric: values.subarray(0, row * numbers.length),
          numericWidth: numbers.length,
          levels: texts,
          levelWidth: words.length,
        },
        offsets: offsets.subarray(0, row),
        eventIds: ids,
        eventTimesMs: times.subarray(0, row),
      }),
    };
  };
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
