import type { Scorer } from '@flowline/engine';
import {
  type ConditionalCurve,
  curveQuantile,
  emptyCurve,
  type IntegratedCurve,
  integrated,
  logSharesAt,
  withNodes,
} from './conditional-curve.ts';
import { lowerBound, valueAt } from '../sorted.ts';

/** One dimension of one encoded row, whose distribution given all other dimensions is wanted. */
export interface Axis {
  readonly row: number;
  readonly dimension: number;
}

/** Position of an axis's value in its conditional distribution, in encoded units. */
export interface Conditional {
  /** −log2(2·min(F, 1 − F)) of the conditional CDF F at the observed value; at least 0. */
  readonly bits: number;
  readonly direction: 'high' | 'low';
  readonly median: number;
  readonly p05: number;
  readonly p95: number;
}

/** Encoded rows [size × width], each [x | context]. */
export interface EncodedRows {
  readonly rows: Float32Array;
  readonly width: number;
}

const NODES = 65;
/**
 * The mass of a curve is covered down to exp(−60) of its peak. Beyond, it does not change a float64
 * sum.
 */
const MASS_NATS = 60;
/**
 * If an edge of the interval is less than this below the peak, the mass is not covered to its end.
 */
const EDGE_NATS = 40;
/** If the neighbours of the peak are further below it than this, its position is unresolved. */
const STEEP_NATS = 8;
/**
 * Once the mass is covered, a larger drop from the peak to a neighbour shows a kink (a Gaussian's
 * is within 0.2).
 */
const KINK_NATS = 1;
/** Points further below the peak than this do not contribute to quantiles. */
const NEAR_NATS = 20;
/**
 * Further below the peak than this, a tail is e^v/slope. Its relative error, 1/(2·45), is one
 * hundredth of a bit.
 */
const FAR_NATS = 45;
const MOST_PASSES = 8;
/**
 * A float32 log-density below −2^18 has steps of 0.03 nats: a curve there is rounding, not shape.
 */
const RESOLVED_NATS = 2 ** 18;
/** Searches per call of the scorer, of at most {@link NODES} rows each. */
const SEARCHES_A_CALL = Math.floor(16_384 / NODES);

interface Search {
  readonly axis: Axis;
  readonly observed: number;
  curve: ConditionalCurve;
  /** Nodes to evaluate next; empty once the curve is resolved. */
  next: readonly number[];
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
  scorer: Pick<Scorer, 'score'>,
  encoded: EncodedRows,
  axes: readonly Axis[],
): Promise<readonly (Conditional | null)[]> {
  const searches = axes.map((axis): Search => {
    const observed = valueAt(encoded.rows, axis.row * encoded.width + axis.dimension);
    return { axis, observed, curve: emptyCurve, next: coarseNodes(observed) };
  });
  for (let pass = 0; pass <= MOST_PASSES; pass++) {
    const open = searches.filter(({ next }) => next.length > 0);
    if (open.length === 0) break;
    for await (const { search, nodes, logDensity } of evaluated(scorer, encoded, open)) {
      search.curve = withNodes(search.curve, nodes, logDensity);
      search.next = finerNodes(search.curve);
    }
  }
  const found = searches.map(({ axis, observed, curve }): Found => ({ axis, observed, curve: integrated(curve) }));
  const far = found.filter(({ curve, observed }) => isFar(curve, observed));
  const slopes = new Map<Found, FurtherPoint>();
  const requests = far.map((each) => ({ axis: each.axis, each, next: [beyond(each)] }));
  for await (const { search, nodes, logDensity } of evaluated(scorer, encoded, requests)) {
    slopes.set(search.each, { node: valueAt(nodes, 0), logDensity: valueAt(logDensity, 0) });
  }
  return found.map((each) => answerOf(each, slopes.get(each)));
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

/** Evaluates log p at the next nodes of each search, ascending. Several searches share one call. */
async function* evaluated<T extends Pick<Search, 'axis' | 'next'>>(
  scorer: Pick<Scorer, 'score'>,
  { rows, width }: EncodedRows,
  searches: readonly T[],
): AsyncGenerator<{ readonly search: T; readonly nodes: Float64Array; readonly logDensity: Float64Array }> {
  for (let start = 0; start < searches.length; start += SEARCHES_A_CALL) {
    const asked = searches
      .slice(start, start + SEARCHES_A_CALL)
      .map((search) => ({ search, nodes: Float64Array.from(search.next, Math.fround).sort() }));
    const size = asked.reduce((sum, { nodes }) => sum + nodes.length, 0);
    const batch = new Float32Array(size * width);
    let at = 0;
    for (const { search, nodes } of asked) {
      const { row, dimension } = search.axis;
      const own = rows.subarray(row * width, (row + 1) * width);
      for (const node of nodes) {
        batch.set(own, at);
        batch[at + dimension] = node;
        at += width;
      }
    }
    const logDensity = await scorer.score(batch, size);
    let from = 0;
    for (const { search, nodes } of asked) {
      yield { search, nodes, logDensity: logDensity.subarray(from, (from += nodes.length)) };
    }
  }
}

/**
 * 40 nodes over ±5 standard deviations, 12 outwards from there on each side, and the observed
 * value.
 */
function coarseNodes(observed: number): readonly number[] {
  const core = Array.from({ length: 40 }, (_, i) => -4.875 + 0.25 * i);
  const reach = Math.max(50, 4 * Math.abs(observed));
  const wing = Array.from({ length: 12 }, (_, i) => 5 * (reach / 5) ** (i / 11));
  return [observed, ...core, ...wing, ...wing.map((node) => -node)];
}

/** Nodes that would resolve more of a curve's mass; empty if it is resolved. */
function finerNodes({ nodes, logDensity, peak }: ConditionalCurve): readonly number[] {
  if (peak < -RESOLVED_NATS) return [];
  const last = nodes.length - 1;
  const top = logDensity.indexOf(peak);
  if (top === 0 || top === last) return outwards(valueAt(nodes, top));
  const [left, right] = [top - 1, top + 1];
  const drop = Math.max(peak - valueAt(logDensity, left), peak - valueAt(logDensity, right));
  const aroundPeak = (): readonly number[] => spread(valueAt(nodes, left), valueAt(nodes, right));
  if (drop > STEEP_NATS) return aroundPeak();
  const least = peak - MASS_NATS;
  const first = logDensity.findIndex((value) => value >= least);
  const final = logDensity.findLastIndex((value) => value >= least);
  const edge = Math.max(valueAt(logDensity, first), valueAt(logDensity, final));
  const all = spread(end(first, first - 1), end(final, final + 1));
  if (final - first < NODES / 2 || edge > peak - EDGE_NATS) return all;
  const [from = 0, to = Infinity] = all;
  if (hasGap(to - from)) return all;
  return drop > KINK_NATS ? aroundPeak() : [];

  /**
   * True if two neighbours near the peak are steep and further apart than a step: one side of the
   * peak is unexplored.
   */
  function hasGap(step: number): boolean {
    for (let i = 0; i < last; i++) {
      const [a, b] = [valueAt(logDensity, i), valueAt(logDensity, i + 1)];
      const apart = valueAt(nodes, i + 1) - valueAt(nodes, i);
      if (Math.max(a, b) > peak - NEAR_NATS && Math.abs(a - b) > KINK_NATS && apart > 1.5 * step) return true;
    }
    return false;
  }

  /**
   * Position at which a parabola from the last node inside falls to `least`: before the first node
   * outside, or beyond all nodes.
   */
  function end(inside: number, outside: number): number {
    const from = valueAt(nodes, inside);
    const above = valueAt(logDensity, inside) - least;
    if (outside >= 0 && outside <= last) {
      const share = Math.sqrt(above / (above + least - valueAt(logDensity, outside)));
      return from + Math.min(1, share) * (valueAt(nodes, outside) - from);
    }
    const fallen = Math.max(1, MASS_NATS - above);
    return from + (Math.sqrt(MASS_NATS / fallen) - 1) * (from - valueAt(nodes, top));
  }
}

/**
 * Nodes in geometric steps from the outermost one, at which the peak still rises, to eight times as
 * far.
 */
const outwards = (edge: number): readonly number[] => Array.from({ length: 16 }, (_, i) => edge * 8 ** ((i + 1) / 16));

/** Equally spaced nodes; empty if float32 cannot distinguish them. */
function spread(from: number, to: number): readonly number[] {
  const step = (to - from) / (NODES - 1);
  if (!(step > 2 ** -23 * Math.max(Math.abs(from), Math.abs(to)))) return [];
  return Array.from({ length: NODES }, (_, i) => from + i * step);
}

/**
 * True if the mass on one side of the observed value is too small for sums over the curve to
 * represent.
 */
function isFar(curve: IntegratedCurve, observed: number): boolean {
  if (curve.peak < -RESOLVED_NATS) return false;
  const node = lowerBound(curve.nodes, observed);
  const { below, above } = logSharesAt(curve, node);
  return valueAt(curve.logDensity, node) < curve.peak - FAR_NATS && Math.min(below, above) < -FAR_NATS;
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
  const { below, above } = logSharesAt(curve, node);
  let least = Math.min(below, above);
  let direction: Conditional['direction'] = above <= below ? 'high' : 'low';
  if (further !== undefined) {
    const mode = valueAt(curve.nodes, curve.logDensity.indexOf(curve.peak));
    const height = valueAt(curve.logDensity, node);
    const slope = (height - further.logDensity) / Math.abs(further.node - observed);
    // ∫ of an exp(v) that falls with a slope is e^v/slope. If float32 shows no fall, the scale is
    // the distance to the mode.
    const logScale = slope > 0 ? -Math.log(slope) : Math.log(Math.abs(observed - mode));
    least = height + logScale - curve.logIntegral;
    direction = observed > mode ? 'high' : 'low';
  }
  return {
    bits: Math.max(0, -1 - least / Math.LN2),
    direction,
    median: curveQuantile(curve, 0.5),
    p05: curveQuantile(curve, 0.05),
    p95: curveQuantile(curve, 0.95),
  };
}
