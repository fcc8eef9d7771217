import { at, type Expression, type FeatureSpec, operandsOf } from '@flowline/events';

import { fieldsOf, isLevelFeature, scaleOf } from './feature-schema.ts';
import { haversineKm } from './haversine.ts';
import { largestValue, type PlainLevel, plainLevels } from './plain-columns.ts';
import { parseTime, timePartOf } from './time.ts';
import { windowId } from './windows/window-values.ts';
import { seriesOf, windowsOf } from './windows/window.ts';

/**
 * Function from the inputs of a record to a value. NaN is a missing value. An infinite one says
 * nothing: the record is left to the reader, which finds its value or its fault.
 */
type Compute = (inputs: Float64Array) => number;

/** Numeric column: an input, or a value computed from inputs. */
interface FieldColumn {
  /** Index of the input; −1 for a computed value. */
  readonly input: number;
  readonly compute: Compute;
  readonly nullable: boolean;
  /** Maximum absolute value. A larger one is a fault. */
  readonly largest: number;
}

/**
 * Columns of a table in which every feature is computed from top-level fields of the record and
 * from windows over them. The inputs of a record are its numeric fields, then its window values.
 */
export interface FieldColumns {
  /** Numeric fields. A time written as text counts as its milliseconds. */
  readonly fields: readonly string[];
  /** Number of windows, in the order of the schema. */
  readonly windows: number;
  readonly numeric: readonly FieldColumn[];
  readonly levels: readonly PlainLevel[];
  /** Values that the windows remember of a record, one per series. */
  readonly observed: readonly Compute[];
}

/**
 * Compiles a schema to columns over fields; null if a feature looks something up, if a level is
 * computed, or if a field's name has a dot.
 * @throws FlowlineError FLOWLINE_FEATURES_INVALID for invalid windows, or an unknown time zone.
 */
export function fieldColumns(schema: readonly FeatureSpec[]): FieldColumns | null {
  const levels = plainLevels(schema);
  if (levels === null) return null;
  const numbers = schema.filter((spec) => !isLevelFeature(spec));
  if (!numbers.every(({ from }) => isComputed(from))) return null;
  const fields = fieldsOf(numbers);
  const windows = windowsOf(schema);
  const ids = windows.map(({ id }) => id);
  const inputOf: InputOf = (expression) => {
    if (typeof expression === 'string') return fields.indexOf(expression);
    return 'lag' in expression || 'rolling' in expression ? fields.length + ids.indexOf(windowId(expression)) : -1;
  };
  const numeric = numbers.map((spec): FieldColumn => {
    const { value } = scaleOf(spec);
    const { nullable } = spec;
    return { input: inputOf(value), compute: compile(value, inputOf), nullable, largest: largestValue(spec) };
  });
  const observed = seriesOf(windows).map((of): Compute => (of === null ? () => 1 : compile(of, inputOf)));
  return { fields, windows: windows.length, numeric, levels, observed };
}

/** Index of the input that an expression is; −1 if it is computed from inputs. */
type InputOf = (expression: Expression) => number;

/** True for an expression over top-level fields alone. */
function isComputed(expression: Expression): boolean {
  if (typeof expression === 'string') return !expression.includes('.');
  return !('lookup' in expression) && operandsOf(expression).every(isComputed);
}

/** Compiles an expression to the same arithmetic as the reader's, over inputs. */
function compile(expression: Expression, inputOf: InputOf): Compute {
  const input = inputOf(expression);
  if (input >= 0 || typeof expression === 'string') return (inputs) => at(inputs, input);
  const operands = operandsOf(expression).map((operand) => compile(operand, inputOf));
  const operation = operationOf(expression);
  const values = new Float64Array(operands.length);
  return (inputs) => {
    let isMissing = false;
    for (let i = 0; i < operands.length; i++) {
      const value = at(operands, i)(inputs);
      if (Math.abs(value) === Infinity) return Infinity;
      if (Number.isNaN(value)) isMissing = true;
      values[i] = value;
    }
    if (isMissing) return NaN;
    const result = operation(values);
    return Number.isNaN(result) ? Infinity : result;
  };
}

/** Function of an operation from the values of its operands, which are finite. */
function operationOf(expression: Exclude<Expression, string>): (values: Float64Array) => number {
  if ('log' in expression) return ([x = NaN]) => Math.log(x);
  if ('asinh' in expression) return ([x = NaN]) => Math.asinh(x);
  if ('difference' in expression) return ([a = NaN, b = NaN]) => a - b;
  if ('ratio' in expression) return ([a = NaN, b = NaN]) => a / b;
  if ('haversine' in expression) return ([a = NaN, b = NaN, c = NaN, d = NaN]) => haversineKm(a, b, c, d);
  if (!('timePart' in expression)) return () => NaN;
  const part = timePartOf(expression.timePart.part, expression.timePart.timezone);
  return ([time = NaN]) => part(parseTime(time));
}
