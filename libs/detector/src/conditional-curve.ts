import { valueAt } from './sorted.ts';

/** A conditional density along one axis, known at nodes: unnormalised, in the units of the axis. */
export interface ConditionalCurve {
  /** Ascending. */
  readonly nodes: Float64Array;
  /** log density at each node, up to a constant, in nats. */
  readonly logDensity: Float64Array;
  /** ∫ of the density over each panel between two nodes, divided by exp(peak). */
  readonly panels: Float64Array;
  /** The largest log density at a node. */
  readonly peak: number;
  /** log ∫ density over all nodes. */
  readonly logIntegral: number;
}

/** Five-point Gauss–Legendre nodes and weights on [0, 1] (Abramowitz and Stegun, table 25.4). */
const GAUSS: readonly (readonly [node: number, weight: number])[] = [
  [0.04691007703066802, 0.11846344252809454],
  [0.23076534494715845, 0.23931433524968324],
  [0.5, 0.28444444444444444],
  [0.7692346550528415, 0.23931433524968324],
  [0.953089922969332, 0.11846344252809454],
];
/** A node further down than this from its neighbour is an edge of the density, not a curve: no polynomial goes through it. */
const STEEP_NATS = 8;
const VANISHED = -1e300;

/** A curve through points in any order; of points at the same place the first counts. Values that are not finite count as no density. */
export function curveThrough(points: readonly (readonly [node: number, logDensity: number])[]): ConditionalCurve {
  const sorted = [...points]
    .sort(([a], [b]) => a - b)
    .filter(([node], i, all) => i === 0 || node > (all[i - 1]?.[0] ?? node));
  const nodes = Float64Array.from(sorted, ([node]) => node);
  const logDensity = Float64Array.from(sorted, ([, value]) => (Number.isFinite(value) ? value : VANISHED));
  const peak = logDensity.reduce((most, value) => Math.max(most, value), VANISHED);
  const panels = new Float64Array(Math.max(0, nodes.length - 1));
  const curve = { nodes, logDensity, panels, peak };
  for (let i = 0; i < panels.length; i++) panels[i] = panelIntegral(curve, i, 1);
  return { ...curve, logIntegral: peak + Math.log(panels.reduce((sum, panel) => sum + panel, 0)) };
}

/** The point below which a share of the curve's integral lies. */
export function curveQuantile(curve: ConditionalCurve, share: number): number {
  const { nodes, panels } = curve;
  let left = share * panels.reduce((sum, panel) => sum + panel, 0);
  let i = 0;
  while (i < panels.length - 1 && left > valueAt(panels, i)) left -= valueAt(panels, i++);
  let [low, high] = [0, 1];
  for (let step = 0; step < 50; step++) {
    const middle = (low + high) / 2;
    if (panelIntegral(curve, i, middle) < left) low = middle;
    else high = middle;
  }
  return valueAt(nodes, i) + ((low + high) / 2) * (valueAt(nodes, i + 1) - valueAt(nodes, i));
}

/** log of the shares of the integral below and above one of the nodes. */
export function logSharesAt(curve: ConditionalCurve, node: number): { readonly below: number; readonly above: number } {
  let [below, above] = [0, 0];
  curve.panels.forEach((panel, i) => {
    if (i < node) below += panel;
    else above += panel;
  });
  const scale = curve.peak - curve.logIntegral;
  return { below: Math.log(below) + scale, above: Math.log(above) + scale };
}

/** ∫ density/exp(peak) over the first part of panel i: by Gauss–Legendre along a cubic of log density, or along its chord where it is steep. */
function panelIntegral(
  { nodes, logDensity, peak }: Omit<ConditionalCurve, 'logIntegral'>,
  i: number,
  part: number,
): number {
  const from = valueAt(nodes, i);
  const width = (valueAt(nodes, i + 1) - from) * part;
  const v0 = valueAt(logDensity, i) - peak;
  const v1 = v0 + (valueAt(logDensity, i + 1) - peak - v0) * part;
  const first = Math.max(0, Math.min(i - 1, nodes.length - 4));
  if (isSmooth(logDensity, first)) {
    return GAUSS.reduce((sum, [node, weight]) => {
      return sum + weight * width * Math.exp(cubicAt(nodes, logDensity, first, from + node * width) - peak);
    }, 0);
  }
  // ∫ exp(linear) = width·(e^v1 − e^v0)/(v1 − v0)
  const rise = v1 - v0;
  return Math.abs(rise) < 1e-9 ? width * Math.exp(v0) : (width * (Math.exp(v1) - Math.exp(v0))) / rise;
}

function isSmooth(logDensity: Float64Array, first: number): boolean {
  if (first + 3 >= logDensity.length) return false;
  for (let k = first; k < first + 3; k++) {
    if (Math.abs(valueAt(logDensity, k + 1) - valueAt(logDensity, k)) > STEEP_NATS) return false;
  }
  return true;
}

/** The cubic through four nodes (Lagrange): exact for a Gaussian, whose log density is a parabola. */
function cubicAt(nodes: Float64Array, values: Float64Array, first: number, t: number): number {
  let sum = 0;
  for (let k = first; k < first + 4; k++) {
    let term = valueAt(values, k);
    for (let m = first; m < first + 4; m++) {
      if (m !== k) term *= (t - valueAt(nodes, m)) / (valueAt(nodes, k) - valueAt(nodes, m));
    }
    sum += term;
  }
  return sum;
}
