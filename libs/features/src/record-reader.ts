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

/** Why one record could not become a row: a dead letter's reason. */
export interface RecordFault {
  /** Index of the record among those read. */
  readonly index: number;
  readonly reason: DeadLetterReason;
  /** The record's field, or the feature's name where a derived value is at fault; null for the whole record. */
  readonly field: string | null;
  /** What was found and what was expected, in one sentence. */
  readonly message: string;
}

/** Records as a table; every record is either a row of it or a fault. */
export interface ReadResult {
  readonly table: FeatureTable;
  /** The index of the record that each row came from, ascending. */
  readonly accepted: Int32Array;
  /** In the order of the records. */
  readonly faults: readonly RecordFault[];
  /** The entity of each row; null where no windows were given. */
  readonly entities: readonly string[] | null;
}

/** Turns records (history rows, parsed JSON of events) into a {@link FeatureTable}. Stateless between calls. */
export interface RecordReader {
  /** The columns, where each is a field as it stands: whoever has the fields needs no records. */
  readonly plain: PlainColumns | null;
  /**
   * Reads records of any shape; never throws because of one. A schema with windows needs those of the records' partition: each
   * record that becomes a row is added to them.
   */
  read(records: readonly unknown[], windows?: BatchWindows): ReadResult;
}

/**
 * Compiles a schema to a reader. A JSON null or an absent field is a missing value where the feature is nullable, and a fault
 * elsewhere. Text is never taken for a number, unless it is that of a time.
 * @throws FlowlineError FLOWLINE_FEATURES_INVALID for a schema that is not valid, or that needs a lookup that is not there.
 */
export function createRecordReader(schema: readonly FeatureSpec[], lookups: Lookups): RecordReader {
  checkSchema(schema);
  const numericReaders = schema.filter((spec) => !isLevelFeature(spec)).map((spec) => numberReader(spec, lookups));
  const levelReaders = schema.filter(isLevelFeature).map((spec) => levelReader(spec, lookups));
  const numericWidth = numericReaders.length;
  const levelWidth = levelReaders.length;

  /** Writes a record into a row; the fault when it is not one. */
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

  /** Reads one record, and adds it to the windows where it is a row. Whatever fails at it is its own fault: no record stops the others. */
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
      // The last record may have left a part of a row behind.
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

/** A cyclic value: a number in the units of its period, or a time in milliseconds. */
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

/** Decides what a missing value, or a key that a lookup table lacks, is for this feature. */
function orMissing(value: null | Fault, spec: FeatureSpec, name: string): null | Fault {
  if (value === null) {
    if (spec.nullable) return null;
    const of = typeof spec.from === 'string' ? '' : ` (for the feature ${spec.name}, ${nameOf(spec.from)})`;
    return new Fault('missing_field', name, `${name}${of} is absent or null, and the feature is not nullable.`);
  }
  return value.reason === 'unknown_key' && spec.nullable ? null : value;
}
