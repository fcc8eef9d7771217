import type { ConditionalCurve } from './conditional-curve.ts';
import { valueAt } from '../sorted.ts';

/** Resolution of a curve. */
export interface Resolution {
  /** Nodes over the mass of a curve. */
  readonly nodes: number;
  /** The mass is covered down to this far below the peak. */
  readonly massNats: number;
  /** If an edge of the interval is less than this below the peak, the mass is not covered. */
  readonly edgeNats: number;
  /** Further below the peak, a tail is e^v/slope, with a relative error of 1/(2·farNats). */
  readonly farNats: number;
}

/** Resolution at which nothing that is left out changes a float64 sum. */
export const fullResolution: Resolution = { nodes: 65, massNats: 60, edgeNats: 40, farNats: 45 };
/** Resolution of a few hundredths of a bit. */
export const quickResolution: Resolution = { nodes: 25, massNats: 34, edgeNats: 22, farNats: 25 };

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
 * A float32 log-density below −2^18 has steps of 0.03 nats: a curve there is rounding, not shape.
 */
export const RESOLVED_NATS = 2 ** 18;

/**
 * 40 nodes over ±5 standard deviations, 12 outwards from there on each side, and the observed
 * value.
 */
export function coarseNodes(observed: number): readonly number[] {
  const core = Array.from({ length: 40 }, (_, i) => -4.875 + 0.25 * i);
  const reach = Math.max(50, 4 * Math.abs(observed));
  const wing = Array.from({ length: 12 }, (_, i) => 5 * (reach / 5) ** (i / 11));
  return [observed, ...core, ...wing, ...wing.map((node) => -node)];
}

/**
 * Nodes that would resolve more of a curve's mass; empty if it is resolved.
 */
export function finerNodes(curve: ConditionalCurve, resolution: Resolution): readonly number[] {
  const { nodes, logDensity, peak } = curve;
  const { nodes: count, massNats, edgeNats } = resolution;
  if (peak < -RESOLVED_NATS) return [];
  const last = nodes.length - 1;
  const top = logDensity.indexOf(peak);
  if (top === 0 || top === last) return outwards(valueAt(nodes, top));
  const [left, right] = [top - 1, top + 1];
  const drop = Math.max(peak - valueAt(logDensity, left), peak - valueAt(logDensity, right));
  const aroundPeak = (): readonly number[] => spread(valueAt(nodes, left), valueAt(nodes, right), count);
  if (drop > STEEP_NATS) return aroundPeak();
  const least = peak - massNats;
  const first = logDensity.findIndex((value) => value >= least);
  const final = logDensity.findLastIndex((value) => value >= least);
  const edge = Math.max(valueAt(logDensity, first), valueAt(logDensity, final));
  const all = spread(end(first, first - 1), end(final, final + 1), count);
  if (final - first < count / 2 || edge > peak - edgeNats) return all;
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
    const fallen = Math.max(1, massNats - above);
    return from + (Math.sqrt(massNats / fallen) - 1) * (from - valueAt(nodes, top));
  }
}

/**
 * Nodes in geometric steps from the outermost one, at which the peak still rises, to eight times as
 * far.
 */
const outwards = (edge: number): readonly number[] => Array.from({ length: 16 }, (_, i) => edge * 8 ** ((i + 1) / 16));

/** Equally spaced nodes; empty if float32 cannot distinguish them. */
function spread(from: number, to: number, count: number): readonly number[] {
  const step = (to - from) / (count - 1);
  if (!(step > 2 ** -23 * Math.max(Math.abs(from), Math.abs(to)))) return [];
  const nodes = new Array<number>(count);
  for (let i = 0; i < count; i++) nodes[i] = from + i * step;
  return nodes;
}
