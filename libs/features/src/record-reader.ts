import { type DeadLetterReason, type FeatureSpec, Numeral } from '@flowline/events';

import { Fault, describe, unreadable } from './fault.ts';
import { checkSchema, isLevelFeature } from './feature-schema.ts';
import type { Evaluate, FeatureRecord } from './field.ts';
import type { FeatureTable } from './feature-table.ts';
import type { Lookups } from './lookup-column.ts';
import { type FieldColumns, fieldColumns } from './field-columns.ts';
import { type PlainColumns, plainColumns } from './plain-columns.ts';
import { levelReader, numberReader } from './value-readers.ts';
import type { BatchWindows } from './windows/record-windows.ts';

/** Reason why a record could not become a row, as in its dead letter. */
export interface RecordFault {
  /** Index of the record among those read. */
  readonly index: number;
  readonly reason: DeadLetterReason;
  /**
   * Field of the record, or the feature's name if a derived value is at fault; null for the whole
   * record.
   */
  readonly field: string | null;
  /** Finding and expectation, in one sentence. */
  readonly message: string;
}

/** Records as a table. Every record is either a row of it or a fault. */
export interface ReadResult {
  readonly table: FeatureTable;
  /** Index of each row's record, ascending. */
  readonly accepted: Int32Array;
  /** Faults, in the order of the records. */
  readonly faults: readonly RecordFault[];
  /** Entity of each row; null if no windows were given. */
  readonly entities: readonly string[] | null;
}

/**
 * Converts records (history rows, parsed JSON of events) to a {@link FeatureTable}. Stateless
 * between calls.
 */
export interface RecordReader {
  /**
   * Columns, if each is read directly from a field, so that callers with the fields need no
   * records; otherwise null.
   */
  readonly plain: PlainColumns | null;
  /**
   * Columns, if each is computed from top-level fields and from windows over them, so that callers
   * with the fields need no records; otherwise null.
   */
  readonly columns: FieldColumns | null;
  /**
   * Reads records of any shape; no record makes it throw. A schema with windows needs those of the
   * records' partition: each record that becomes a row is added to them.
   */
  read(records: readonly unknown[], windows?: BatchWindows): ReadResult;
}

/**
 * Compiles a schema to a reader. A JSON null or an absent field is a missing value if the feature
 * is nullable, and a fault otherwise. Text never counts as a number, except that of a time or of a
 * non-finite float8.
 * @throws FlowlineError FLOWLINE_FEATURES_INVALID for an invalid schema, or one that needs a
 * missing lookup.
 */
export function createRecordReader(schema: readonly FeatureSpec[], lookups: Lookups): RecordReader {
  checkSchema(schema);
  const readers: RowReaders = {
    numeric: schema.filter((spec) => !isLevelFeature(spec)).map((spec) => numberReader(spec, lookups)),
    levels: schema.filter(isLevelFeature).map((spec) => levelReader(spec, lookups)),
  };
  const read: RecordReader['read'] = (records, windows) => readRecords(readers, records, windows);
  return { plain: plainColumns(schema), columns: fieldColumns(schema), read };
}

/** Readers of the values of a row. */
interface RowReaders {
  readonly numeric: readonly Evaluate<number>[];
  readonly levels: readonly Evaluate<string>[];
}

/** Rows that are being filled. */
interface Rows {
  readonly numeric: Float64Array;
  readonly levels: (string | null)[];
}

function readRecords(readers: RowReaders, records: readonly unknown[], windows?: BatchWindows): ReadResult {
  const [numericWidth, levelWidth] = [readers.numeric.length, readers.levels.length];
  const rows: Rows = { numeric: new Float64Array(records.length * numericWidth), levels: [] };
  const accepted = new Int32Array(records.length);
  const faults: RecordFault[] = [];
  const entities: string[] = [];
  let size = 0;
  for (let index = 0; index < records.length; index++) {
    const fault = readOne(readers, index, records[index], rows, size, windows);
    if (fault !== null) {
      faults.push({ index, reason: fault.reason, field: fault.field, message: fault.message });
      continue;
    }
    accepted[size++] = index;
    if (windows !== undefined) entities.push(windows.entity);
  }
  // The last record may have left part of a row.
  rows.levels.length = size * levelWidth;
  const numeric = rows.numeric.subarray(0, size * numericWidth);
  return {
    table: { size, numeric, numericWidth, levels: rows.levels, levelWidth },
    accepted: accepted.subarray(0, size),
    faults,
    entities: windows === undefined ? null : entities,
  };
}

/**
 * Reads one record, and adds it to the windows if it is a row. An exception is a fault of this
 * record alone, so that no record stops the others.
 */
function readOne(
  readers: RowReaders,
  index: number,
  record: unknown,
  rows: Rows,
  row: number,
  windows: BatchWindows | undefined,
): Fault | null {
  try {
    if (!isObject(record)) {
      return new Fault('not_an_object', null, `The record is ${describe(record)}; expected an object.`);
    }
    const fault = windows?.look(index, record) ?? readInto(readers, record, rows, row);
    if (fault === null) windows?.add();
    return fault;
  } catch (error) {
    return unreadable(error);
  }
}

/** Writes a record into a row. Returns the fault if the record is not valid. */
function readInto(readers: RowReaders, record: FeatureRecord, { numeric, levels }: Rows, row: number): Fault | null {
  let at = row * readers.numeric.length;
  for (const read of readers.numeric) {
    const value = read(record);
    if (value instanceof Fault) return value;
    numeric[at++] = value ?? NaN;
  }
  at = row * readers.levels.length;
  for (const read of readers.levels) {
    const value = read(record);
    if (value instanceof Fault) return value;
    levels[at++] = value;
  }
  return null;
}

const isObject = (value: unknown): value is FeatureRecord =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  !(value instanceof Date) &&
  !(value instanceof Numeral);
