import type { Axis, AxisEvaluator } from './axis-evaluator.ts';
import { type ConditionalCurve, emptyCurve, withNodes } from './conditional-curve.ts';
import type { StartedAxis } from './conditionals.ts';
import { valueAt } from '../sorted.ts';

/** Axes of a row of which a coarse curve is evaluated. */
const COARSE_AXES = 24;
/** Axes of a row that are explained. */
const EXPLAINED_AXES = 6;
/**
 * Nodes of a coarse curve, besides the observed value, in standard deviations of the column. A mode
 * of several may be a sixth of one wide.
 */
const COARSE_NODES = [-4, -2.6, -1.6, -1, -0.6, -0.3, 0, 0.3, 0.6, 1, 1.6, 2.6, 4] as const;
/** Curvature of a coarse curve as flat as the column itself, whose standard deviation is 1. */
const LEAST_CURVATURE = 0.5;
/**
 * Distances of the points uphill from the observed value, in standard deviations of the column: the
 * nearer one for a peak behind which log p falls steeply.
 */
const UPHILL = [0.4, 1] as const;

/**
 * Selects the axes of each row that are worth a fine curve: the {@link EXPLAINED_AXES} most
 * surprising, each with its coarse curve. Surprise is estimated by the fall of log p from its peak
 * along the axis to the observed value, where a row has more than {@link COARSE_AXES} axes of all
 * by the gradient and points uphill, and of the first of these by the integral of a coarse curve.
 */
export async function screened(evaluator: AxisEvaluator, axes: readonly Axis[]): Promise<readonly StartedAxis[]> {
  const coarse = await firstByGradient(evaluator, axes);
  const estimates = (await startedAxes(evaluator, coarse)).map(({ axis, curve }): Estimate => ({
    axis,
    curve,
    fall: gainOf(curve, evaluator.valueAt(axis)),
  }));
  return byRow(estimates).flatMap((own) => firstOf(own, EXPLAINED_AXES));
}

/** Axes, each with its coarse curve. */
export async function startedAxes(evaluator: AxisEvaluator, axes: readonly Axis[]): Promise<readonly StartedAxis[]> {
  const requests = axes.map((axis) => ({ axis, next: [evaluator.valueAt(axis), ...COARSE_NODES] }));
  const started: StartedAxis[] = [];
  for await (const { request, nodes, logDensity } of evaluator.evaluate(requests)) {
    started.push({ axis: request.axis, curve: withNodes(emptyCurve, nodes, logDensity) });
  }
  return started;
}

/** Axis, and the estimated gain of log p without it: the fall from its peak, and its width. */
interface Estimate extends StartedAxis {
  readonly fall: number;
}

/** Groups consecutive items of the same row. */
function byRow<T extends { readonly axis: Axis }>(items: readonly T[]): readonly (readonly T[])[] {
  const rows = new Map<number, T[]>();
  for (const item of items) {
    const own = rows.get(item.axis.row);
    if (own === undefined) rows.set(item.axis.row, [item]);
    else own.push(item);
  }
  return [...rows.values()];
}

/** The items of the largest falls, in their order if there are no more. */
function firstOf<T extends { readonly fall: number }>(items: readonly T[], count: number): readonly T[] {
  return items.length <= count ? items : items.toSorted((a, b) => b.fall - a.fall).slice(0, count);
}

/**
 * Selects the first {@link COARSE_AXES} axes of each row, by the highest parabola through the
 * observed value, with its slope there, and a point uphill.
 */
async function firstByGradient(evaluator: AxisEvaluator, axes: readonly Axis[]): Promise<readonly Axis[]> {
  const rows = byRow(axes.map((axis) => ({ axis })));
  const wide = rows.filter((own) => own.length > COARSE_AXES).flat();
  if (wide.length === 0) return axes;
  const { logDensity: observed, gradient } = await evaluator.slopes();
  const requests = wide.map(({ axis }) => {
    const slope = gradient(axis);
    const sign = slope < 0 ? -1 : 1;
    return { axis, slope, next: UPHILL.map((distance) => evaluator.valueAt(axis) + sign * distance) };
  });
  const falls = new Map<Axis, number>();
  for await (const { request, logDensity } of evaluator.evaluate(requests)) {
    const { axis, slope } = request;
    // The points came in ascending order.
    const outwards = slope < 0 ? logDensity.toReversed() : logDensity;
    const parabolas = UPHILL.map((distance, i) => {
      const rise = valueAt(outwards, i) - valueAt(observed, axis.row);
      return fallBySlope(Math.abs(slope), rise, distance);
    });
    falls.set(axis, Math.max(...parabolas));
  }
  const estimates = rows.map((own) => own.map(({ axis }) => ({ axis, fall: falls.get(axis) ?? 0 })));
  return estimates.flatMap((own) => firstOf(own, COARSE_AXES)).map(({ axis }) => axis);
}

/**
 * Rise of the parabola with that slope, which rises by `rise` over a distance, to its vertex. A
 * curve that bends upwards is taken to rise along its slope; one without figures comes first.
 */
function fallBySlope(slope: number, rise: number, distance: number): number {
  if (Number.isNaN(slope) || Number.isNaN(rise)) return Infinity;
  const bend = (slope * distance - rise) / distance ** 2;
  return bend > 0 ? slope ** 2 / (4 * bend) : Math.max(rise, slope * distance);
}

/**
 * Estimated log of the integral of a coarse curve, less log p at a node: the integral of a parabola
 * through its peak.
 */
function gainOf({ nodes, logDensity, peak }: ConditionalCurve, observed: number): number {
  const top = logDensity.indexOf(peak);
  const value = valueAt(logDensity, nodes.indexOf(observed));
  if (top <= 0 || top === nodes.length - 1) return peak - value;
  const { height, curvature } = vertexOf(nodes, logDensity, top);
  return height - value + Math.log(Math.PI / Math.max(LEAST_CURVATURE, -curvature)) / 2;
}

/** Vertex of the parabola through a local maximum and its neighbours. */
function vertexOf(nodes: Float64Array, logDensity: Float64Array, top: number): { height: number; curvature: number } {
  const [a, b, c] = [valueAt(nodes, top - 1), valueAt(nodes, top), valueAt(nodes, top + 1)];
  const start = valueAt(logDensity, top - 1);
  const rise = (valueAt(logDensity, top) - start) / (b - a);
  const curvature = ((valueAt(logDensity, top + 1) - valueAt(logDensity, top)) / (c - b) - rise) / (c - a);
  if (!(curvature < 0)) return { height: valueAt(logDensity, top), curvature: 0 };
  const vertex = Math.min(c, Math.max(a, (a + b) / 2 - rise / (2 * curvature)));
  const height = Math.max(valueAt(logDensity, top), start + (rise + curvature * (vertex - b)) * (vertex - a));
  return { height, curvature };
}
