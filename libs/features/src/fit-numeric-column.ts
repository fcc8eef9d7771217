import { at, atOnce, type FeatureSpec, type Steps } from '@flowline/events';

import { type ColumnSpace, columnSpace } from './column-space.ts';
import { scaleOf } from './feature-schema.ts';
import { filterNumbers, mapNumbers } from './map-numbers.ts';
import { noiseScaleSteps } from './noise.ts';
import { NumericColumn, rangeReach } from './numeric-column.ts';
import { sortNumbers } from './sort-numbers.ts';
import { withoutStrays, type StrayRule } from './stray-values.ts';
import { asinh } from './transforms/asinh.ts';
import { identity } from './transforms/identity.ts';
import { integer, isWhole } from './transforms/integer.ts';
import { log } from './transforms/log.ts';
import { fitPositive, positiveTolerance } from './transforms/positive.ts';
import { fitStandardisationSteps, NO_SCALE, standardise, type Standardisation } from './transforms/standardise.ts';
import type { Transform } from './transforms/transform.ts';
import { fitUnitSteps, isShare } from './transforms/unit.ts';

/** Largest relative difference that counts as rounding. */
const ROUNDING = 8 * Number.EPSILON;
/**
 * Standard deviation assigned to a constant column, relative to the constant (for a share, to 1).
 */
const CONSTANT_DEVIATION = 1e-3;

/** Fitted column, and statistics of the fit. */
export interface FittedColumn {
  readonly column: NumericColumn;
  /** Number of training values in the column's domain. */
  readonly used: number;
  /** Values outside the domain. They did not enter the fit. */
  readonly outside: LeftOut;
  /** Values so far from all others that they did not enter the fit. */
  readonly stray: LeftOut;
  /** Least and greatest value that entered the fit. */
  readonly kept: readonly [lowest: number, highest: number];
}

/** Values that did not enter a fit. */
export interface LeftOut {
  readonly count: number;
  /**
   * Example: the outermost stray value, or the first value outside the domain; NaN if there is
   * none.
   */
  readonly example: number;
}

/**
 * Fits a numeric column of any type but cyclic to the observed values of the training rows.
 * @param observed finite values, in any order.
 */
export const fitNumericColumn = (spec: FeatureSpec, observed: Float64Array, rule: StrayRule): FittedColumn =>
  atOnce(fitNumericSteps(spec, observed, rule));

/**
 * {@link fitNumericColumn} in steps. The column is sorted once: every map of a fit keeps the order.
 */
export function* fitNumericSteps(
  spec: FeatureSpec,
  observed: Float64Array,
  rule: StrayRule,
  space: Pick<ColumnSpace, 'sorted' | 'scratch'> = columnSpace(observed.length),
): Steps<FittedColumn> {
  const copy = space.sorted.subarray(0, observed.length);
  copy.set(observed);
  const sorted = yield* sortNumbers(copy, space.scratch.subarray(0, observed.length));
  const accepts = domainOf(spec, sorted);
  const inside = yield* insideOf(spec, sorted, accepts);
  const transform = yield* fitTransform(spec, inside);
  const isSame = transform.config.type === 'identity';
  const values = isSame ? inside : yield* mapNumbers(inside, transform.nearest, inside);
  const scaled = isSame ? values : yield* mapNumbers(values, transform.forward);
  const unit = spec.type === 'integer' ? 1 : 0;
  const [from, to] = withoutStrays(scaled, rule, unit);
  const kept = scaled.subarray(from, to);
  const keptValues = values.subarray(from, to);
  const constant = spec.type !== 'integer' && isConstant(keptValues);
  const standardisation = constant
    ? constantScale(spec, transform, keptValues)
    : yield* fitStandardisationSteps(kept, unit);
  const encoded = (value: number): number => standardise(standardisation, value);
  // Dequantisation already fills the gaps of an integer column.
  const gaussian = yield* noiseScaleSteps(spec.type === 'integer' || constant ? kept.subarray(0, 0) : kept, encoded);
  const uniform = unit / standardisation.std;
  const reach = rangeReach({ gaussian, uniform });
  const column = new NumericColumn({
    transform: transform.config,
    ...standardisation,
    gaussian,
    uniform,
    range: kept.length === 0 ? null : [encoded(at(kept, 0)) - reach, encoded(at(kept, kept.length - 1)) + reach],
    constant,
  });
  return {
    column,
    used: values.length,
    outside: outsideOf(observed, values.length, accepts),
    stray: {
      count: values.length - kept.length,
      example: (kept.length === values.length ? undefined : values[from > 0 ? 0 : values.length - 1]) ?? NaN,
    },
    kept: [keptValues.at(0) ?? NaN, keptValues.at(-1) ?? NaN],
  };
}

/** Values inside the domain, ascending. Every domain but the whole numbers is an interval. */
function* insideOf(
  { type }: FeatureSpec,
  sorted: Float64Array,
  accepts: (value: number) => boolean,
): Steps<Float64Array> {
  const [first, last] = [sorted[0], sorted.at(-1)];
  if (first === undefined || last === undefined) return sorted;
  return type !== 'integer' && accepts(first) && accepts(last) ? sorted : yield* filterNumbers(sorted, accepts);
}

function outsideOf(observed: Float64Array, used: number, accepts: (value: number) => boolean): LeftOut {
  const count = observed.length - used;
  return { count, example: (count === 0 ? undefined : observed.find((value) => !accepts(value))) ?? NaN };
}

/** Returns the domain test of a feature's type, including the tolerance at its ends. */
function domainOf(spec: FeatureSpec, sorted: Float64Array): (value: number) => boolean {
  switch (spec.type) {
    case 'positive': {
      const tolerance = positiveTolerance(sorted);
      return (value) => value >= -tolerance;
    }
    case 'unit':
      return isShare;
    case 'integer':
      return isWhole;
    default:
      return scaleOf(spec).scale === 'log' ? (value) => value > 0 : () => true;
  }
}

const lowestOf = (spec: FeatureSpec): number => (spec.type === 'positive' || spec.type === 'unit' ? 0 : -Infinity);

/** @param inside values of the domain, ascending. */
function* fitTransform(spec: FeatureSpec, inside: Float64Array): Steps<Transform> {
  const lowest = lowestOf(spec);
  const sorted = lowest === -Infinity ? inside : yield* mapNumbers(inside, (value) => Math.max(value, lowest));
  switch (spec.type) {
    case 'positive':
      return fitPositive(sorted);
    case 'unit':
      return yield* fitUnitSteps(yield* mapNumbers(sorted, (value) => Math.min(value, 1)));
    case 'integer':
      return integer();
    default:
      break;
  }
  const { scale } = scaleOf(spec);
  if (scale === 'log') return log(sorted.at(0) ?? 1);
  return scale === 'asinh' ? asinh() : identity();
}

/** True if sorted values are equal up to rounding. */
function isConstant(sorted: Float64Array): boolean {
  const [first = 0, last = 0] = [sorted[0], sorted.at(-1)];
  return last - first <= ROUNDING * Math.max(Math.abs(first), Math.abs(last));
}

/**
 * Scale of a constant column: a thousandth of the constant (of 1, for a share), transformed to the
 * column's scale, so that it does not depend on the unit. For the constant 0 there is no scale: any
 * other value is infinitely far away.
 */
function constantScale(spec: FeatureSpec, transform: Transform, sorted: Float64Array): Standardisation {
  const value = sorted[sorted.length >> 1];
  if (value === undefined) return { mean: 0, std: 1 };
  const mean = transform.forward(value);
  const step = CONSTANT_DEVIATION * (spec.type === 'unit' ? 1 : Math.abs(value));
  const steps = [value - step, value + step].map((other) =>
    Math.abs(transform.forward(transform.nearest(other)) - mean),
  );
  const std = Math.min(...steps.filter((each) => each > 0));
  return { mean, std: step > 0 && Number.isFinite(std) ? Math.max(std, NO_SCALE) : NO_SCALE };
}
