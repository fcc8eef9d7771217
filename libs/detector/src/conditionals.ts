import type { Scorer } from '@flowline/engine';
import { curveQuantile, curveThrough, logSharesAt, type ConditionalCurve } from './conditional-curve.ts';
import { lowerBound, valueAt } from './sorted.ts';

/** One dimension of one encoded row: what its value would be, given all the others, is the question. */
export interface Axis {
  readonly row: number;
  readonly dimension: number;
}

/** Where the value of an axis lies in its conditional distribution, in encoded units. */
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
/** The mass of a curve is looked for down to exp(−60) of its peak: what lies beyond does not move a float64 sum. */
const MASS_NATS = 60;
/** An edge of the found interval that is higher than this below the peak has not reached the end of the mass. */
const EDGE_NATS = 40;
/** Neighbours of the peak further down than this do not show where it is. */
const STEEP_NATS = 8;
/** Once the mass is covered: neighbours further down than this show a kink rather than a curve (a Gaussian's are within 0.2). */
const KINK_NATS = 1;
/** What is further below the peak than this has no share in quantiles. */
const NEAR_NATS = 20;
/** Beyond this below the peak a tail is e^v/slope: its relative error, 1/(2·45), is one hundredth of a bit. */
const FAR_NATS = 45;
const MOST_PASSES = 8;
/** A float32 log density below −2^18 has steps of 0.03 nats: a curve there is rounding, not shape. */
const RESOLVED_NATS = 2 ** 18;
const ROWS_A_CALL = 16_384;

interface Search {
  readonly axis: Axis;
  readonly observed: number;
  readonly points: (readonly [node: number, logDensity: number])[];
  curve: ConditionalCurve;
  /** Nodes to evaluate next; none once the curve is resolved. */
  next: readonly number[];
}

/**
 * The conditional distribution of each axis, p(t | the rest) = p(t, rest)/∫ p(t, rest) dt, by quadrature of log p along it.
 *
 * 65 nodes find the mass wherever it is: dense where standardised training rows lie, then in geometric steps to four times the
 * observed value; 65 more cover it down to exp(−60) of its peak, and the rare curve that is still unresolved is looked into again. All axes
 * go in the same batches. null for an axis whose curve is lost in float32 because another feature is absurd (log p < −2.6e5).
 */
export async function conditionals(
  scorer: Pick<Scorer, 'score'>,
  encoded: EncodedRows,
  axes: readonly Axis[],
): Promise<readonly (Conditional | null)[]> {
  const searches = axes.map((axis): Search => {
    const observed = valueAt(encoded.rows, axis.row * encoded.width + axis.dimension);
    return { axis, observed, points: [], curve: curveThrough([]), next: coarseNodes(observed) };
  });
  for (let pass = 0; pass <= MOST_PASSES; pass++) {
    const open = searches.filter(({ next }) => next.length > 0);
    if (open.length === 0) break;
    await evaluate(scorer, encoded, open);
    for (const search of open) {
      search.curve = curveThrough(search.points);
      search.next = finerNodes(search.curve);
    }
  }
  const far = searches.filter(({ curve, observed }) => isFar(curve, observed));
  for (const search of far) search.next = [beyond(search)];
  const before = far.map(({ points }) => points.length);
  await evaluate(scorer, encoded, far);
  const slopes = new Map(far.map((search, i) => [search, search.points[before[i] ?? 0]] as const));
  return searches.map((search) => answerOf(search, slopes.get(search)));
}

async function evaluate(
  scorer: Pick<Scorer, 'score'>,
  { rows, width }: EncodedRows,
  searches: readonly Search[],
): Promise<void> {
  const requests = searches.flatMap((search) => search.next.map((node) => ({ search, node: Math.fround(node) })));
  for (let start = 0; start < requests.length; start += ROWS_A_CALL) {
    const chunk = requests.slice(start, start + ROWS_A_CALL);
    const batch = new Float32Array(chunk.length * width);
    chunk.forEach(({ search: { axis }, node }, i) => {
      batch.set(rows.subarray(axis.row * width, (axis.row + 1) * width), i * width);
      batch[i * width + axis.dimension] = node;
    });
    const logDensity = await scorer.score(batch, chunk.length);
    chunk.forEach(({ search, node }, i) => search.points.push([node, logDensity[i] ?? NaN]));
  }
}

/** 40 nodes over ±5 standard deviations, 12 on each side outwards from there, and the observed value. */
function coarseNodes(observed: number): readonly number[] {
  const core = Array.from({ length: 40 }, (_, i) => -4.875 + 0.25 * i);
  const reach = Math.max(50, 4 * Math.abs(observed));
  const wing = Array.from({ length: 12 }, (_, i) => 5 * (reach / 5) ** (i / 11));
  return [observed, ...core, ...wing, ...wing.map((node) => -node)];
}

/** The nodes that would show more of a curve's mass, or none when it is resolved. */
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

  /** Whether two neighbours near the peak are steep and further apart than a step: one side of the peak has not been looked at. */
  function hasGap(step: number): boolean {
    for (let i = 0; i < last; i++) {
      const [a, b] = [valueAt(logDensity, i), valueAt(logDensity, i + 1)];
      const apart = valueAt(nodes, i + 1) - valueAt(nodes, i);
      if (Math.max(a, b) > peak - NEAR_NATS && Math.abs(a - b) > KINK_NATS && apart > 1.5 * step) return true;
    }
    return false;
  }

  /** Where a parabola from the last node inside falls to `least`: before the first node outside, or beyond all nodes. */
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

/** Nodes in geometric steps from the outermost one, where the peak still rises, to eight times as far. */
const outwards = (edge: number): readonly number[] => Array.from({ length: 16 }, (_, i) => edge * 8 ** ((i + 1) / 16));

/** Nodes at equal distances, or none where float32 cannot tell them apart. */
function spread(from: number, to: number): readonly number[] {
  const step = (to - from) / (NODES - 1);
  if (!(step > 2 ** -23 * Math.max(Math.abs(from), Math.abs(to)))) return [];
  return Array.from({ length: NODES }, (_, i) => from + i * step);
}

/** Whether so little mass lies on one side of the observed value that sums over the curve do not hold it. */
function isFar(curve: ConditionalCurve, observed: number): boolean {
  if (curve.peak < -RESOLVED_NATS) return false;
  const node = lowerBound(curve.nodes, observed);
  const { below, above } = logSharesAt(curve, node);
  return valueAt(curve.logDensity, node) < curve.peak - FAR_NATS && Math.min(below, above) < -FAR_NATS;
}

/** A point a little further out than a far observed value, to take the slope there. */
function beyond({ curve, observed }: Search): number {
  const mode = valueAt(curve.nodes, curve.logDensity.indexOf(curve.peak));
  const distance = Math.max(1e-3 * Math.abs(observed - mode), 1e-5 * Math.abs(observed));
  return observed > mode ? observed + distance : observed - distance;
}

function answerOf({ curve, observed }: Search, further: readonly [number, number] | undefined): Conditional | null {
  if (curve.peak < -RESOLVED_NATS) return null;
  const node = lowerBound(curve.nodes, observed);
  const { below, above } = logSharesAt(curve, node);
  let least = Math.min(below, above);
  let direction: Conditional['direction'] = above <= below ? 'high' : 'low';
  if (further !== undefined) {
    const mode = valueAt(curve.nodes, curve.logDensity.indexOf(curve.peak));
    const height = valueAt(curve.logDensity, node);
    const slope = (height - further[1]) / Math.abs(further[0] - observed);
    // ∫ of exp(v) that falls with a slope is e^v/slope; where float32 shows no fall, the scale is the distance to the mode.
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
