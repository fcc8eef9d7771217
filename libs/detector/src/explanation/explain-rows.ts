import { at, type Contribution, type ExpectedRange, type Explanation, type TestComponent } from '@flowline/events';
import { rowValues, type EncodedBatch, type FeatureTable } from '@flowline/features';
import type { PValue } from '../calibration/calibration.ts';
import { type Axis, AxisEvaluator } from './axis-evaluator.ts';
import { conditionals, type Conditional, directionOf, quickConditionals } from './conditionals.ts';
import { expectedRange } from './expected-range.ts';
import { summarise } from './explanation-summary.ts';
import { isObserved, nearestNormals, type EventValues, type ModelParts } from './nearest-normal.ts';
import { screened } from './screening.ts';
import { surpriseBits } from '../scores.ts';
import { valueAt } from '../sorted.ts';

/**
 * Effort for an explanation. `quick` screens the features and explains the most surprising ones, as
 * running detectors do; `full` explains all of them, at 130 evaluations of the flow per feature.
 */
export type Effort = 'quick' | 'full';

/** p-value of a row, and the component of the test that decided it. */
export interface DecidedPValue extends PValue {
  readonly raisedBy: TestComponent;
}

/**
 * Explains every row of a table: the surprise of its most surprising features given all others,
 * their expected ranges, and the nearest typical event. A missing feature is not explained, nor is
 * one whose conditional is lost because another value is absurd.
 */
export async function explainRows(
  parts: ModelParts,
  table: FeatureTable,
  decided: readonly DecidedPValue[],
  effort: Effort,
): Promise<readonly Explanation[]> {
  const { encoding, scorer } = parts;
  const batch = encoding.encode(table);
  const outside = decided.map((_, row) => new Set(encoding.outsideDomain(table, row)));
  const evaluator = new AxisEvaluator(scorer, batch);
  const found = await answered(evaluator, axesOf(parts, batch, outside), effort);
  const nearest = await nearestNormals(parts, table, batch);
  return decided.map((pValue, row) => {
    const own = found.flatMap(({ axis, answer }) => {
      if (axis.row !== row || answer === null) return [];
      // The curve ends with the trained range. Beyond it, the value's fall is added.
      const fallNats = fallBeyondRange(parts, table, axis);
      const [bits, gainNats] = [answer.bits + fallNats / Math.LN2, answer.gainNats + fallNats];
      return [{ dimension: axis.dimension, answer: { ...answer, bits, gainNats } }];
    });
    return explanationOf(parts, {
      observed: rowValues(encoding.schema, table, row),
      conditionals: own,
      levels: encoding.levelSurprises(table, row),
      outside: at(outside, row),
      nearest: batch.outOfDomain[row] === 1 ? null : at(nearest, row),
      pValue,
    });
  });
}

/** Conditional of every axis, or of the most surprising ones of each row. */
async function answered(
  evaluator: AxisEvaluator,
  axes: readonly Axis[],
  effort: Effort,
): Promise<readonly { readonly axis: Axis; readonly answer: Conditional | null }[]> {
  if (effort === 'full') {
    const answers = await conditionals(evaluator, axes);
    return axes.map((axis, i) => ({ axis, answer: at(answers, i) }));
  }
  const started = await screened(evaluator, axes);
  const answers = await quickConditionals(evaluator, started);
  return started.map(({ axis }, i) => ({ axis, answer: at(answers, i) }));
}

function fallBeyondRange({ encoding }: ModelParts, table: FeatureTable, { row, dimension }: Axis): number {
  const scored = encoding.scored[dimension];
  if (scored === undefined) return 0;
  return scored.fallBeyondRange(valueAt(table.numeric, row * table.numericWidth + scored.numericColumn));
}

/**
 * Every observed dimension of a row. For a row outside its domain, only the dimensions that are
 * outside.
 */
function axesOf(
  { encoding }: ModelParts,
  batch: EncodedBatch,
  outside: readonly ReadonlySet<string>[],
): readonly Axis[] {
  return outside.flatMap((names, row) =>
    encoding.dimensionNames.flatMap((name, dimension) =>
      isObserved(encoding, batch, row, dimension) && (batch.outOfDomain[row] === 0 || names.has(name))
        ? [{ row, dimension }]
        : [],
    ),
  );
}

interface RowFindings {
  readonly observed: EventValues;
  readonly conditionals: readonly { readonly dimension: number; readonly answer: Conditional }[];
  readonly levels: readonly { readonly feature: string; readonly probability: number }[];
  readonly outside: ReadonlySet<string>;
  readonly nearest: EventValues | null;
  readonly pValue: DecidedPValue;
}

interface NumericFinding {
  readonly feature: string;
  readonly answer: Conditional;
}

/**
 * Contributions, the feature first without which the event is most normal. By their bits, an
 * innocent feature may come first: one that is surprising only given a wrong value of another.
 */
function ranked(levels: RowFindings['levels'], numeric: readonly NumericFinding[]): readonly Contribution[] {
  const found = [
    ...numeric.map(({ feature, answer }) => ({
      gainNats: answer.gainNats,
      contribution: { feature, bits: answer.bits, direction: directionOf(answer) },
    })),
    ...levels.map(({ feature, probability }) => ({
      gainNats: -Math.log(probability),
      contribution: { feature, bits: surpriseBits(probability), direction: 'unlikely' as const },
    })),
  ];
  return found.sort((a, b) => b.gainNats - a.gainNats).map(({ contribution }) => contribution);
}

function explanationOf({ encoding }: ModelParts, row: RowFindings): Explanation {
  const numeric = row.conditionals.flatMap(({ dimension, answer }) => {
    const scored = encoding.scored[dimension];
    if (scored === undefined) return [];
    return [{ feature: scored.feature, expected: expectedRange(scored, answer), answer }];
  });
  // A feature's bits come from the model. The event's bits come from calibration rows, which cover
  // less of the far tail. A part is capped at its whole.
  const whole = surpriseBits(row.pValue.p);
  const capped: readonly Contribution[] =
    row.outside.size > 0
      ? [...row.outside].map((feature) => ({ feature, bits: whole, ...outward(feature) }))
      : ranked(row.levels, numeric).map((each) => ({ ...each, bits: Math.min(each.bits, whole) }));
  const expected = new Map<string, ExpectedRange>(numeric.map((each) => [each.feature, each.expected]));
  const first = capped.at(0) ?? null;
  return {
    contributions: capped,
    expected: Object.fromEntries(expected),
    nearestNormal: row.nearest,
    summary: summarise({
      contribution: first,
      observed: first === null ? null : (row.observed[first.feature] ?? null),
      expected: first === null ? null : (expected.get(first.feature) ?? null),
      outOfDomain: row.outside.size > 0,
      pValue: row.pValue,
      raisedBy: row.pValue.raisedBy,
    }),
  };

  /** Side of the expected range on which a value outside its domain lies. */
  function outward(feature: string): Pick<Contribution, 'direction'> {
    const value = row.observed[feature];
    const median = numeric.find((each) => each.feature === feature)?.expected.median;
    if (typeof value !== 'number' || median === undefined) return { direction: 'unlikely' };
    return { direction: value > median ? 'high' : 'low' };
  }
}
