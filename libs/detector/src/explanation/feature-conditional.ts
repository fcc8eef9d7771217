import { at, type Contribution, type ExpectedRange, FlowlineError } from '@flowline/events';
import type { Scorer } from '@flowline/engine';
import { type Dimension, ENCODED_BOUND, type FeatureEncoding, type FeatureTable } from '@flowline/features';

import { AxisEvaluator } from './axis-evaluator.ts';
import { curveQuantile, type IntegratedCurve } from './conditional-curve.ts';
import { conditionalCurves, directionOf } from './conditionals.ts';
import { expectedRange } from './expected-range.ts';
import { isObserved } from './nearest-normal.ts';
import { surpriseBits } from '../scores.ts';
import { valueAt } from '../sorted.ts';

/** Share of the conditional distribution on either side of the grid, unless its ends are given. */
const TAIL = 5e-4;

/** Values at which a conditional density is wanted. */
export interface ConditionalGrid {
  readonly points: number;
  /** Ends in original units; null for the quantiles 0.0005 and 0.9995, within the trained range. */
  readonly from: number | null;
  readonly to: number | null;
}

/** Distribution of a number given the rest of its row, in original units. */
export interface NumberConditional {
  readonly kind: 'number';
  readonly feature: string;
  /** Value of the row; null if it is missing. */
  readonly observed: number | null;
  /** Quantiles, as explanations state them. */
  readonly expected: ExpectedRange;
  /** Probability of a value below the observed one, by the curve. */
  readonly below: number | null;
  /** Surprise of the observed value, and its side, as explanations state them. */
  readonly bits: number | null;
  readonly direction: Contribution['direction'] | null;
  /** Density per unit of the feature; of an integer, the probability of each whole number. */
  readonly grid: readonly { readonly value: number; readonly density: number }[];
  /** Integral of the density over the grid. */
  readonly gridMass: number;
}

/** Options of {@link numberConditional}. */
interface NumberRequest {
  readonly dimension: number;
  readonly grid: ConditionalGrid;
  /** p-value of the row: a part is no more surprising than its whole. */
  readonly pValue: number;
}

/**
 * Distribution of a number of the only row of a table, given the others: with t = encoded value,
 *
 *     p(v | rest) = p(t(v), rest)/∫ p(t, rest) dt · |dt/dv|,
 *
 * where the integral is that of explanations, by Gauss–Legendre over nodes that resolve the curve.
 * A missing value is treated as if it were observed.
 * @throws FlowlineError FLOWLINE_FEATURES_INVALID if no training row has a value of the feature, if
 * another value is so far out that float32 does not resolve the curve, or if the ends of the grid
 * are not apart.
 */
export async function numberConditional(
  { encoding, scorer }: { readonly encoding: FeatureEncoding; readonly scorer: Scorer },
  table: FeatureTable,
  { dimension, grid, pValue }: NumberRequest,
): Promise<NumberConditional> {
  const scored = at(encoding.scored, dimension);
  const value = valueAt(table.numeric, scored.numericColumn);
  const observed = Number.isNaN(value) ? null : value;
  const batch = encoding.encode(observed === null ? withTypical(table, scored) : table);
  if (!isObserved(encoding, batch, 0, dimension)) throw neverSeen(scored.feature);
  const evaluator = new AxisEvaluator(scorer, batch);
  const axis = { row: 0, dimension };
  const { curve, answer } = at(await conditionalCurves(evaluator, [axis]), 0);
  if (answer === null) throw unresolved(scored.feature);
  const points = gridPoints(scored, curve, grid);
  const found: { value: number; density: number }[] = [];
  for await (const { nodes, logDensity } of evaluator.evaluate([
    { axis, next: points.map(({ encoded }) => encoded) },
  ])) {
    nodes.forEach((node, i) => {
      const place = scored.type === 'integer' ? at(points, i).value : scored.fromEncoded(node);
      const log = valueAt(logDensity, i) - curve.logIntegral;
      const density = Number.isNaN(log) ? 0 : Math.exp(log) * scored.derivative(place);
      if (place !== found.at(-1)?.value) found.push({ value: place, density });
    });
  }
  const isOutside = encoding.outsideDomain(table, 0).includes(scored.feature);
  const own = isOutside ? Infinity : answer.bits + scored.fallBeyondRange(observed ?? 0) / Math.LN2;
  return {
    kind: 'number',
    feature: scored.feature,
    observed,
    expected: expectedRange(scored, answer),
    below: observed === null ? null : answer.below,
    bits: observed === null ? null : Math.min(own, surpriseBits(pValue)),
    direction: observed === null ? null : directionOf(answer),
    grid: found,
    gridMass: massOf(found, scored.type === 'integer'),
  };
}

interface GridPoint {
  readonly value: number;
  readonly encoded: number;
}

/** Points of a grid, equally apart in encoded units; of an integer, whole numbers equally apart. */
function gridPoints(scored: Dimension, curve: IntegratedCurve, { points, from, to }: ConditionalGrid): GridPoint[] {
  const [lowest, highest] = usualEnds(scored, curve);
  const [start, end] = [from === null ? lowest : scored.toEncoded(from), to === null ? highest : scored.toEncoded(to)];
  if (scored.type === 'integer')
    return wholeNumbers(scored, scored.fromEncoded(start), scored.fromEncoded(end), points);
  if (!(end > start)) throw noRange(scored.feature);
  return Array.from({ length: points }, (_, i) => {
    const encoded = start + ((end - start) * i) / (points - 1);
    return { value: scored.fromEncoded(encoded), encoded };
  });
}

/**
 * Ends of a grid that are not given, in encoded units: the mass within the trained range. Where the
 * mass is not, because the rest of the row is unusual: within the domain.
 */
function usualEnds(scored: Dimension, curve: IntegratedCurve): readonly [number, number] {
  const mass = [curveQuantile(curve, TAIL), curveQuantile(curve, 1 - TAIL)] as const;
  const within = (valueOf: (encoded: number) => number): [number, number] => [
    Math.max(mass[0], scored.toEncoded(valueOf(-ENCODED_BOUND))),
    Math.min(mass[1], scored.toEncoded(valueOf(ENCODED_BOUND))),
  ];
  const trained = within(scored.fromEncodedWithin);
  return trained[0] < trained[1] ? trained : within(scored.fromEncoded);
}

function wholeNumbers(scored: Dimension, from: number, to: number, points: number): GridPoint[] {
  const [first, last] = [Math.round(from), Math.round(to)];
  if (!(last >= first)) throw noRange(scored.feature);
  const step = Math.ceil((last - first + 1) / points);
  return Array.from({ length: Math.floor((last - first) / step) + 1 }, (_, i) => {
    const value = first + i * step;
    return { value, encoded: scored.toEncoded(value) };
  });
}

/** Integral over a grid: by the trapezoidal rule, or the sum of an integer's probabilities. */
function massOf(grid: NumberConditional['grid'], isInteger: boolean): number {
  const [first, second] = grid;
  if (first === undefined) return 0;
  if (isInteger) {
    const step = second === undefined ? 1 : second.value - first.value;
    return grid.reduce((sum, { density }) => sum + density * step, 0);
  }
  return grid.slice(1).reduce((sum, { value, density }, i) => {
    const before = at(grid, i);
    return sum + ((value - before.value) * (density + before.density)) / 2;
  }, 0);
}

/** The row with a value in place of a missing one, so that its feature counts as observed. */
function withTypical(table: FeatureTable, scored: Dimension): FeatureTable {
  const numeric = Float64Array.from(table.numeric);
  const typical = scored.fromEncoded(0);
  numeric[scored.numericColumn] = scored.type === 'integer' ? Math.round(typical) : typical;
  return { ...table, numeric };
}

const unresolved = (feature: string): FlowlineError =>
  new FlowlineError('FLOWLINE_FEATURES_INVALID', `Another value is so far out that ${feature} cannot be resolved.`, {
    where: feature,
    remedy: 'Ask for the feature that is far out, or give a more usual value for it.',
  });

const neverSeen = (feature: string): FlowlineError =>
  new FlowlineError('FLOWLINE_FEATURES_INVALID', `No training row has a value of ${feature}: it has no density.`, {
    where: 'feature',
    remedy: 'Ask for another feature, or train again once there are values.',
  });

const noRange = (feature: string): FlowlineError =>
  new FlowlineError('FLOWLINE_FEATURES_INVALID', `The grid of ${feature} has no two values of its domain.`, {
    where: 'from',
    remedy: 'Give ends that are further apart, or none.',
  });
