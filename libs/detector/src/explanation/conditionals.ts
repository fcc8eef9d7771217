import type { Contribution } from '@flowline/events';

import type { Axis, AxisEvaluator, AxisRequest } from './axis-evaluator.ts';
import {
  type ConditionalCurve,
  type CurveRange,
  curveQuantile,
  emptyCurve,
  type IntegratedCurve,
  integrated,
  logShareAtMost,
  logSharesAt,
  withNodes,
} from './conditional-curve.ts';
import {
  coarseNodes,
  finerNodes,
  fullResolution,
  quickResolution,
  type Resolution,
  RESOLVED_NATS,
} from './curve-nodes.ts';
import { densestRanges, hasTwoModes, isBetween } from './densest-ranges.ts';
import { lowerBound, valueAt } from '../sorted.ts';

/** Position of an axis's value in its conditional distribution, in encoded units. */
export interface Conditional {
  /** −log2 of the mass where the conditional density is at most that of the observed value. */
  readonly bits: number;
  /**
   * log ∫ p(t, rest) dt − log p(x), in nats and encoded units: the event without this feature is as
   * much denser than the whole.
   */
  readonly gainNats: number;
  /** `between`: within a gap of the expected ranges. */
  readonly direction: 'high' | 'low' | 'between';
  /** Conditional CDF at the observed value. */
  readonly below: number;
  readonly median: number;
  readonly p05: number;
  readonly p95: number;
  /** Ranges of the highest density with 90 % of the mass, if there are two or three; else null. */
  readonly ranges: readonly CurveRange[] | null;
}

/** Direction of an observed value, as explanations state it. */
export const directionOf = ({ direction }: Conditional): Contribution['direction'] =>
  direction === 'between' ? 'unlikely' : direction;

const MOST_PASSES = 8;

interface Search extends AxisRequest {
  readonly observed: number;
  curve: ConditionalCurve;
  /** Nodes to evaluate next; empty once the curve is resolved. */
  next: readonly number[];
}

/** Axis, with the part of its curve that is known. */
export interface StartedAxis {
  readonly axis: Axis;
  readonly curve: ConditionalCurve;
}

/** Curve of an axis, and the conditional read from it; null if the curve is lost in rounding. */
export interface ResolvedConditional {
  readonly curve: IntegratedCurve;
  readonly answer: Conditional | null;
}

/**
 * Conditional distribution of each axis, p(t | rest) = p(t, rest)/∫ p(t, rest) dt, by quadrature of
 * log p along it.
 *
 * A first pass of 65 nodes locates the mass: they are dense where standardised training rows lie,
 * then in geometric steps to four times the observed value. Another 65 cover it down to exp(−60) of
 * its peak, and further passes refine the rare curve that is still unresolved. All axes share the
 * same batches. Null for an axis whose curve is lost in float32 rounding because another feature is
 * absurd (log p < −2.6e5).
 */
export async function conditionals(
  evaluator: AxisEvaluator,
  axes: readonly Axis[],
): Promise<readonly (Conditional | null)[]> {
  return (await conditionalCurves(evaluator, axes)).map(({ answer }) => answer);
}

/** {@link conditionals} with the curves that they are read from. */
export function conditionalCurves(
  evaluator: AxisEvaluator,
  axes: readonly Axis[],
): Promise<readonly ResolvedConditional[]> {
  const searches = axes.map((axis): Search => {
    const observed = evaluator.valueAt(axis);
    return { axis, observed, curve: emptyCurve, next: coarseNodes(observed) };
  });
  return resolved(evaluator, searches, fullResolution);
}

/**
 * {@link conditionals} of axes whose mass is located: 25 nodes over it, down to exp(−34) of its
 * peak. On a Gaussian the bits agree with the full computation to a few hundredths.
 */
export async function quickConditionals(
  evaluator: AxisEvaluator,
  started: readonly StartedAxis[],
): Promise<readonly (Conditional | null)[]> {
  const searches = started.map(({ axis, curve }): Search => {
    return { axis, observed: evaluator.valueAt(axis), curve, next: finerNodes(curve, quickResolution) };
  });
  return (await resolved(evaluator, searches, quickResolution)).map(({ answer }) => answer);
}

async function resolved(
  evaluator: AxisEvaluator,
  searches: readonly Search[],
  resolution: Resolution,
): Promise<readonly ResolvedConditional[]> {
  for (let pass = 0; pass <= MOST_PASSES; pass++) {
    const open = searches.filter(({ next }) => next.length > 0);
    if (open.length === 0) break;
    for await (const { request, nodes, logDensity } of evaluator.evaluate(open)) {
      request.curve = withNodes(request.curve, nodes, logDensity);
      request.next = finerNodes(request.curve, resolution);
    }
  }
  const found = searches.map(({ axis, observed, curve }): Found => ({ axis, observed, curve: integrated(curve) }));
  const far = found.filter(({ curve, observed }) => isFar(curve, observed, resolution.farNats));
  const slopes = new Map<Found, FurtherPoint>();
  const requests = far.map((each) => ({ axis: each.axis, each, next: [beyond(each)] }));
  for await (const { request, nodes, logDensity } of evaluator.evaluate(requests)) {
    slopes.set(request.each, { node: valueAt(nodes, 0), logDensity: valueAt(logDensity, 0) });
  }
  return found.map((each) => ({ curve: each.curve, answer: answerOf(each, slopes.get(each)) }));
}

/** Axis whose curve is resolved. */
interface Found {
  readonly axis: Axis;
  readonly observed: number;
  readonly curve: IntegratedCurve;
}

/** Point slightly further out than a far observed value. */
interface FurtherPoint {
  readonly node: number;
  readonly logDensity: number;
}

/**
 * True if the mass on one side of the observed value is too small for sums over the curve to
 * represent.
 */
function isFar(curve: IntegratedCurve, observed: number, farNats: number): boolean {
  if (curve.peak < -RESOLVED_NATS) return false;
  const node = lowerBound(curve.nodes, observed);
  const { below, above } = logSharesAt(curve, node);
  return valueAt(curve.logDensity, node) < curve.peak - farNats && Math.min(below, above) < -farNats;
}

/** Returns a point slightly further out than a far observed value, to measure the slope there. */
function beyond({ curve, observed }: Found): number {
  const mode = valueAt(curve.nodes, curve.logDensity.indexOf(curve.peak));
  const distance = Math.max(1e-3 * Math.abs(observed - mode), 1e-5 * Math.abs(observed));
  return observed > mode ? observed + distance : observed - distance;
}

function answerOf({ curve, observed }: Found, further: FurtherPoint | undefined): Conditional | null {
  if (curve.peak < -RESOLVED_NATS) return null;
  const node = lowerBound(curve.nodes, observed);
  const height = valueAt(curve.logDensity, node);
  const { below, above } = logSharesAt(curve, node);
  let least = Math.min(below, above);
  let isHigh = above <= below;
  if (further !== undefined) {
    const mode = valueAt(curve.nodes, curve.logDensity.indexOf(curve.peak));
    const slope = (height - further.logDensity) / Math.abs(further.node - observed);
    // ∫ of an exp(v) that falls with a slope is e^v/slope. If float32 shows no fall, the scale is
    // the distance to the mode.
    const logScale = slope > 0 ? -Math.log(slope) : Math.log(Math.abs(observed - mode));
    least = height + logScale - curve.logIntegral;
    isHigh = observed > mode;
  }
  const ranges = densestRanges(curve);
  // Far out of one mode, its other side is taken to fall as this one does.
  const isTail = further !== undefined && !hasTwoModes(curve);
  const logMass = isTail ? Math.LN2 + least : logShareAtMost(curve, height);
  return {
    bits: Math.max(0, -logMass / Math.LN2),
    gainNats: curve.logIntegral - height,
    direction: isBetween(ranges, observed) ? 'between' : isHigh ? 'high' : 'low',
    below: isHigh ? 1 - Math.exp(least) : Math.exp(least),
    median: curveQuantile(curve, 0.5),
    p05: curveQuantile(curve, 0.05),
    p95: curveQuantile(curve, 0.95),
    ranges,
  };
}
