import { valueAt } from '../sorted.ts';

/**
 * Conditional density along one axis, tabulated at nodes. It is unnormalised, in the units of the
 * axis.
 */
export interface ConditionalCurve {
  /** Positions on the axis, ascending. */
  readonly nodes: Float64Array;
  /** log-density at each node, up to a constant, in nats. */
  readonly logDensity: Float64Array;
  /** Largest log-density at a node. */
  readonly peak: number;
}

/** Curve with its integral. */
export interface IntegratedCurve extends ConditionalCurve {
  /** ∫ density over each panel between two nodes, divided by exp(peak). */
  readonly panels: Float64Array;
  /** log ∫ density over all nodes. */
  readonly logIntegral: number;
}

/** Five-point Gauss–Legendre nodes and weights on [0, 1] (Abramowitz and Stegun, table 25.4). */
const GAUSS_NODES = Float64Array.of(
  0.04691007703066802,
  0.23076534494715845,
  0.5,
  0.7692346550528415,
  0.953089922969332,
);
const GAUSS_WEIGHTS = Float64Array.of(
  0.11846344252809454,
  0.23931433524968324,
  0.28444444444444444,
  0.23931433524968324,
  0.11846344252809454,
);
/**
 * A larger drop between neighbouring nodes is an edge of the density, to which no polynomial is
 * fitted.
 */
const STEEP_NATS = 8;
const VANISHED = -1e300;
/** Relative precision of a quantile within its panel. */
const PART = 2 ** -44;
/** Precision of a crossing within its panel. */
const CROSSING_PART = 2 ** -30;

/** Curve without nodes. */
export const emptyCurve: ConditionalCurve = {
  nodes: new Float64Array(0),
  logDensity: new Float64Array(0),
  peak: VANISHED,
};

/**
 * Returns a curve with additional nodes, given in ascending order. Existing nodes keep their
 * values. Values that are not finite count as zero density.
 */
export function withNodes(curve: ConditionalCurve, added: Float64Array, values: Float64Array): ConditionalCurve {
  const most = curve.nodes.length + added.length;
  const nodes = new Float64Array(most);
  const logDensity = new Float64Array(most);
  let { peak } = curve;
  let size = 0;
  let last = -Infinity;
  for (let old = 0, fresh = 0; old < curve.nodes.length || fresh < added.length;) {
    const node = old < curve.nodes.length ? valueAt(curve.nodes, old) : Infinity;
    const other = fresh < added.length ? valueAt(added, fresh) : Infinity;
    const value = node <= other ? valueAt(curve.logDensity, old++) : valueAt(values, fresh++);
    const at = Math.min(node, other);
    if (at === last) continue;
    nodes[size] = last = at;
    logDensity[size] = Number.isFinite(value) ? value : VANISHED;
    peak = Math.max(peak, valueAt(logDensity, size++));
  }
  return { nodes: nodes.subarray(0, size), logDensity: logDensity.subarray(0, size), peak };
}

/** Integrates a curve panel by panel. */
export function integrated(curve: ConditionalCurve): IntegratedCurve {
  const panels = new Float64Array(Math.max(0, curve.nodes.length - 1));
  const panel = new Panel(curve);
  let sum = 0;
  for (let i = 0; i < panels.length; i++) {
    panel.moveTo(i);
    sum += panels[i] = panel.integral(1);
  }
  return { ...curve, panels, logIntegral: curve.peak + Math.log(sum) };
}

/** Position below which the given share of the curve's integral lies. */
export function curveQuantile(curve: IntegratedCurve, share: number): number {
  const { nodes, panels } = curve;
  let left = share * Math.exp(curve.logIntegral - curve.peak);
  let i = 0;
  while (i < panels.length - 1 && left > valueAt(panels, i)) left -= valueAt(panels, i++);
  const panel = new Panel(curve);
  panel.moveTo(i);
  return valueAt(nodes, i) + panel.partOf(left) * (valueAt(nodes, i + 1) - valueAt(nodes, i));
}

/** Logs of the shares of the integral below and above a node. */
export function logSharesAt(curve: IntegratedCurve, node: number): { readonly below: number; readonly above: number } {
  let [below, above] = [0, 0];
  curve.panels.forEach((panel, i) => {
    if (i < node) below += panel;
    else above += panel;
  });
  const scale = curve.peak - curve.logIntegral;
  return { below: Math.log(below) + scale, above: Math.log(above) + scale };
}

/** log of the share of the integral where the density is at most exp(level). */
export function logShareAtMost(curve: IntegratedCurve, level: number): number {
  // Integrals relative to the level do not vanish, however far below the peak it is.
  const panel = new Panel({ ...curve, peak: level });
  let sum = 0;
  for (let i = 0; i < curve.panels.length; i++) {
    const [isBelow, isNextBelow] = [valueAt(curve.logDensity, i) <= level, valueAt(curve.logDensity, i + 1) <= level];
    if (!isBelow && !isNextBelow) continue;
    panel.moveTo(i);
    if (isBelow && isNextBelow) sum += panel.integral(1);
    else if (isBelow) sum += panel.integral(panel.crossing());
    else sum += panel.integral(1) - panel.integral(panel.crossing());
  }
  return Math.log(sum) + level - curve.logIntegral;
}

/** Range of positions. */
export interface CurveRange {
  readonly from: number;
  readonly to: number;
}

/** Ranges in which the density is above exp(level), ascending. */
export function rangesAbove(curve: IntegratedCurve, level: number): readonly CurveRange[] {
  const { nodes, logDensity } = curve;
  const panel = new Panel({ ...curve, peak: level });
  const ranges: CurveRange[] = [];
  let from = valueAt(logDensity, 0) > level ? valueAt(nodes, 0) : null;
  for (let i = 0; i < curve.panels.length; i++) {
    const [isAbove, isNextAbove] = [valueAt(logDensity, i) > level, valueAt(logDensity, i + 1) > level];
    if (isAbove === isNextAbove) continue;
    panel.moveTo(i);
    const at = valueAt(nodes, i) + panel.crossing() * (valueAt(nodes, i + 1) - valueAt(nodes, i));
    if (from === null) from = at;
    else {
      ranges.push({ from, to: at });
      from = null;
    }
  }
  if (from !== null) ranges.push({ from, to: valueAt(nodes, nodes.length - 1) });
  return ranges;
}

/**
 * Density between two nodes of a curve, divided by exp(peak). It follows a cubic of the log-density
 * (exact for a Gaussian, whose log-density is a parabola), or the chord if the curve is steep. One
 * object moves from panel to panel, since a single event needs thousands of integrals.
 */
class Panel {
  readonly #curve: ConditionalCurve;
  #from = 0;
  #width = 0;
  /** log-density at the first node, relative to the peak, and its rise to the second node. */
  #logDensity = 0;
  #rise = 0;
  #isSmooth = false;
  /** Cubic in Newton's form: its first three nodes, and the divided differences. */
  #x0 = 0;
  #x1 = 0;
  #x2 = 0;
  #c0 = 0;
  #c1 = 0;
  #c2 = 0;
  #c3 = 0;

  constructor(curve: ConditionalCurve) {
    this.#curve = curve;
  }

  moveTo(i: number): void {
    const { nodes, logDensity, peak } = this.#curve;
    this.#from = valueAt(nodes, i);
    this.#width = valueAt(nodes, i + 1) - this.#from;
    this.#logDensity = valueAt(logDensity, i) - peak;
    this.#rise = valueAt(logDensity, i + 1) - peak - this.#logDensity;
    this.#throughFour(Math.max(0, Math.min(i - 1, nodes.length - 4)));
  }

  /**
   * ∫ over the first part of the panel: by Gauss–Legendre along the cubic, in closed form along the
   * chord.
   */
  integral(part: number): number {
    const width = this.#width * part;
    if (this.#isSmooth) {
      let sum = 0;
      for (let k = 0; k < GAUSS_NODES.length; k++) {
        sum += valueAt(GAUSS_WEIGHTS, k) * Math.exp(this.#cubicAt(this.#from + valueAt(GAUSS_NODES, k) * width));
      }
      return sum * width;
    }
    // ∫ exp(linear) = width·(e^v1 − e^v0)/(v1 − v0)
    const rise = this.#rise * part;
    const first = Math.exp(this.#logDensity);
    return Math.abs(rise) < 1e-9 ? width * first : (width * (Math.exp(this.#logDensity + rise) - first)) / rise;
  }

  /**
   * Returns the first part of the panel whose integral is `wanted`, by Newton's method with
   * bisection outside the bracket.
   */
  partOf(wanted: number): number {
    let [low, high] = [0, 1];
    let part = 0.5;
    while (high - low > PART) {
      const over = this.integral(part) - wanted;
      if (over < 0) low = part;
      else high = part;
      const step = over / this.#slopeAt(part);
      if (Math.abs(step) < PART) break;
      const next = part - step;
      part = next > low && next < high ? next : (low + high) / 2;
    }
    return part;
  }

  /** Part of the panel at which the log-density, on either side of 0 at its ends, is 0. */
  crossing(): number {
    if (!this.#isSmooth) return -this.#logDensity / this.#rise;
    let [low, high] = [0, 1];
    const isRising = this.#logDensity <= 0;
    while (high - low > CROSSING_PART) {
      const middle = (low + high) / 2;
      if (this.#logDensityAt(middle) <= 0 === isRising) low = middle;
      else high = middle;
    }
    return (low + high) / 2;
  }

  /** Derivative of the integral with respect to the part. */
  #slopeAt(part: number): number {
    return this.#width * Math.exp(this.#logDensityAt(part));
  }

  #logDensityAt(part: number): number {
    return this.#isSmooth ? this.#cubicAt(this.#from + part * this.#width) : this.#logDensity + part * this.#rise;
  }

  #throughFour(first: number): void {
    const { nodes, logDensity, peak } = this.#curve;
    this.#isSmooth = isSmooth(logDensity, first);
    if (!this.#isSmooth) return;
    const [x0, x1, x2] = [valueAt(nodes, first), valueAt(nodes, first + 1), valueAt(nodes, first + 2)];
    const x3 = valueAt(nodes, first + 3);
    const [v0, v1] = [valueAt(logDensity, first) - peak, valueAt(logDensity, first + 1) - peak];
    const [v2, v3] = [valueAt(logDensity, first + 2) - peak, valueAt(logDensity, first + 3) - peak];
    const [d01, d12, d23] = [(v1 - v0) / (x1 - x0), (v2 - v1) / (x2 - x1), (v3 - v2) / (x3 - x2)];
    const [d012, d123] = [(d12 - d01) / (x2 - x0), (d23 - d12) / (x3 - x1)];
    this.#x0 = x0;
    this.#x1 = x1;
    this.#x2 = x2;
    this.#c0 = v0;
    this.#c1 = d01;
    this.#c2 = d012;
    this.#c3 = (d123 - d012) / (x3 - x0);
  }

  #cubicAt(t: number): number {
    return this.#c0 + (t - this.#x0) * (this.#c1 + (t - this.#x1) * (this.#c2 + (t - this.#x2) * this.#c3));
  }
}

function isSmooth(logDensity: Float64Array, first: number): boolean {
  if (first + 3 >= logDensity.length) return false;
  for (let k = first; k < first + 3; k++) {
    if (Math.abs(valueAt(logDensity, k + 1) - valueAt(logDensity, k)) > STEEP_NATS) return false;
  }
  return true;
}
