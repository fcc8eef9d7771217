import { type DeadLetterReason, type FeatureSpec, Numeral } from '@flowline/events';

import {
  compileExpression,
  compileName,
  compileNumber,
  compileTime,
  nameOf,
  type Evaluate,
  type FeatureRecord,
  type Lookups,
} from './expression.ts';
import { Fault, describe, unreadable, wrongType } from './fault.ts';
import { checkSchema, isLevelFeature, scaleOf } from './feature-schema.ts';
import type { FeatureTable } from './feature-table.ts';
import { largestValue, MAX_FLOAT32, type PlainColumns, plainColumns } from './plain-columns.ts';
import type { BatchWindows } from './windows/entity-windows.ts';

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
  const numericReaders = schema.filter((spec) => !isLevelFeature(spec)).map((spec) => numberReader(spec, lookups));
  const levelReaders = schema.filter(isLevelFeature).map((spec) => levelReader(spec, lookups));
  const numericWidth = numericReaders.length;
  const levelWidth = levelReaders.length;

  /** Writes a record into a row. Returns the fault if the record is not valid. */
  const readInto = (
    record: FeatureRecord,
    row: number,
    numeric: Float64Array,
    levels: (string | null)[],
  ): Fault | null => {
    let at = row * numericWidth;
    for (const read of numericReaders) {
      const value = read(record);
      if (value instanceof Fault) return value;
      numeric[at++] = value ?? NaN;
    }
    at = row * levelWidth;
    for (const read of levelReaders) {
      const value = read(record);
      if (value instanceof Fault) return value;
      levels[at++] = value;
    }
    return null;
  };

  /**
   * Reads one record, and adds it to the windows if it is a row. An exception is a fault of this
   * record alone, so that no record stops the others.
   */
  const readOne = (
    index: number,
    record: unknown,
    row: number,
    numeric: Float64Array,
    levels: (string | null)[],
    windows: BatchWindows | undefined,
  ): Fault | null => {
    try {
      if (!isObject(record)) {
        return new Fault('not_an_object', null, `The record is ${describe(record)}; expected an object.`);
      }
      const fault = windows?.look(index, record) ?? readInto(record, row, numeric, levels);
      if (fault === null) windows?.add();
      return fault;
    } catch (error) {
      return unreadable(error);
    }
  };

  return {
    plain: plainColumns(schema),
    read: (records, windows) => {
      const numeric = new Float64Array(records.length * numericWidth);
      const levels: (string | null)[] = [];
      const accepted = new Int32Array(records.length);
      const faults: RecordFault[] = [];
      const entities: string[] = [];
      let size = 0;
      for (let index = 0; index < records.length; index++) {
        const fault = readOne(index, records[index], size, numeric, levels, windows);
        if (fault !== null) {
          faults.push({ index, reason: fault.reason, field: fault.field, message: fault.message });
          continue;
        }
        accepted[size++] = index;
        if (windows !== undefined) entities.push(windows.entity);
      }
      // The last record may have left part of a row.
      levels.length = size * levelWidth;
      return {
        table: { size, numeric: numeric.subarray(0, size * numericWidth), numericWidth, levels, levelWidth },
        accepted: accepted.subarray(0, size),
        faults,
        entities: windows === undefined ? null : entities,
      };
    },
  };
}

const isObject = (value: unknown): value is FeatureRecord =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  !(value instanceof Date) &&
  !(value instanceof Numeral);

function numberReader(spec: FeatureSpec, lookups: Lookups): Evaluate<number> {
  const { value: expression } = scaleOf(spec);
  const evaluate = spec.type === 'cyclic' ? compileCycle(expression, lookups) : compileNumber(expression, lookups);
  const limit = largestValue(spec);
  const name = typeof expression === 'string' ? expression : spec.name;
  return (record) => {
    const value = evaluate(record);
    if (typeof value === 'number') {
      if (Math.abs(value) <= limit) return value;
      return Number.isFinite(value)
        ? new Fault('out_of_range', name, `${name} is ${describe(value)}, beyond ±${MAX_FLOAT32.toPrecision(3)}.`)
        : new Fault('not_finite', name, `${name} is ${value}; expected a finite number.`);
    }
    return orMissing(value, spec, name);
  };
}

/** Compiles a cyclic value: a number in the units of its period, or a time in milliseconds. */
function compileCycle(expression: FeatureSpec['from'], lookups: Lookups): Evaluate<number> {
  const evaluate = compileExpression(expression, lookups);
  const time = compileTime(expression, lookups);
  return (record) => {
    const value = evaluate(record);
    if (value instanceof Numeral) return value.valueOf();
    return typeof value === 'number' || value === null || value instanceof Fault ? value : time(record);
  };
}

function levelReader(spec: FeatureSpec, lookups: Lookups): Evaluate<string> {
  const name = typeof spec.from === 'string' ? spec.from : spec.name;
  const evaluate = spec.type === 'boolean' ? compileBoolean(spec, name, lookups) : compileName(spec.from, lookups);
  return (record) => {
    const value = evaluate(record);
    return value === null || value instanceof Fault ? orMissing(value, spec, name) : value;
  };
}

function compileBoolean(spec: FeatureSpec, name: string, lookups: Lookups): Evaluate<string> {
  const evaluate = compileExpression(spec.from, lookups);
  return (record) => {
    const value = evaluate(record);
    if (value === null || value instanceof Fault) return value;
    return typeof value === 'boolean' ? String(value) : wrongType(name, value, 'true or false');
  };
}

/**
 * Returns null if a missing value, or a key absent from a lookup table, is allowed for a feature;
 * otherwise the fault.
 */
function orMissing(value: null | Fault, spec: FeatureSpec, name: string): null | Fault {
  if (value === null) {
    if (spec.nullable) return null;
    const of = typeof spec.from === 'string' ? '' : ` (for the feature ${spec.name}, ${nameOf(spec.from)})`;
    return new Fault('missing_field', name, `${name}${of} is absent or null, and the feature is not nullable.`);
  }
  return value.reason === 'unknown_key' && spec.nullable ? null : value;
}
