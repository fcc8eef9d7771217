import { missing } from '../at.ts';

const { abs, exp, log, log1p, max, sqrt } = Math; // cached: the loops below run over every entry at every step

/** Minimum share of the interval per bin, in x and in z, and minimum slope at a knot. */
const LEAST_SHARE = 1e-3;
const LEAST_SLOPE = 1e-3;
/** Added to a raw slope so that raw 0 maps to slope 1. */
const SLOPE_OFFSET = log(Math.expm1(1 - LEAST_SLOPE));

/** Maximum number of bins for which the minimum shares leave a remainder to distribute. */
export const MOST_BINS = Math.ceil(1 / LEAST_SHARE) - 1;

/** Shape common to all splines of a kernel. */
export interface SplineShape {
  /** K, the number of bins. */
  readonly bins: number;
  /** B: the spline maps [−B, B] onto itself and is the identity outside. */
  readonly bound: number;
  /** c: raw parameters r are bounded to c·tanh(r / c); null: unbounded. */
  readonly parameterBound: number | null;
}

/** Gradients of a loss with respect to the entries and to their raw parameters. */
export interface SplineGradients {
  readonly x: Float32Array;
  readonly parameters: Float32Array;
}

/**
 * Rational-quadratic splines in plain JavaScript, entry by entry. Only the bin of each entry is
 * computed, whereas tensor operations would compute all K and choose, in some sixty kernels with a
 * tensor each. This makes training a spline flow on wasm several times faster. The formulas are
 * those of Durkan et al. (“Neural spline flows”, 2019), in the notation of
 * {@link RationalQuadratic}. Arrays are row-major.
 */
export class SplineKernel {
  readonly #bins: number;
  readonly #bound: number;
  readonly #cap: number | null;
  readonly #shares: Float64Array;
  readonly #pulls: Float64Array;
  // Bin found by the last call of #locate.
  #bin = 0;
  #x = 0;
  #y = 0;
  #width = 0;
  #height = 0;
  #left = 0;
  #right = 0;

  constructor({ bins, bound, parameterBound }: SplineShape) {
    this.#bins = bins;
    this.#bound = bound;
    this.#cap = parameterBound;
    this.#shares = new Float64Array(2 * bins);
    this.#pulls = new Float64Array(2 * bins);
  }

  /** x [N] and parameters [N × (3K − 1)] → [z | log ∂z/∂x], 2·N values. */
  forward(x: Float32Array, parameters: Float32Array): Float32Array {
    const n = x.length;
    const out = new Float32Array(2 * n);
    for (let i = 0; i < n; i++) {
      const at = x[i] ?? missing(x, i);
      if (!(abs(at) <= this.#bound)) {
        out[i] = at;
        continue;
      }
      this.#locate(at, 0, parameters, i);
      const { share, product, mean, denominator, ends } = this.#inBin(at);
      out[i] = this.#y + (this.#height * (mean * share * share + this.#left * product)) / denominator;
      out[n + i] = log(ends) + 2 * log(mean / denominator);
    }
    return out;
  }

  /** x of each z [N], from the quadratic equation of its bin. */
  root(z: Float32Array, parameters: Float32Array): Float32Array {
    const out = new Float32Array(z.length);
    for (let i = 0; i < z.length; i++) {
      const at = z[i] ?? missing(z, i);
      if (!(abs(at) <= this.#bound)) {
        out[i] = at;
        continue;
      }
      this.#locate(at, this.#bins, parameters, i);
      const mean = this.#height / this.#width;
      const rise = at - this.#y;
      const bent = rise * (this.#left + this.#right - 2 * mean);
      const a = this.#height * (mean - this.#left) + bent;
      const b = this.#height * this.#left - bent;
      const c = mean * rise;
      // This form of the root avoids cancellation, because b ≥ 0 where c is small.
      out[i] = this.#x + (this.#width * 2 * c) / (b + sqrt(max(0, b * b + 4 * a * c)));
    }
    return out;
  }

  /** Gradients of a loss, given those with respect to [z | log ∂z/∂x]. */
  gradients(x: Float32Array, parameters: Float32Array, outputs: Float32Array): SplineGradients {
    const n = x.length;
    const dx = new Float32Array(n);
    const dParameters = new Float32Array(parameters.length);
    for (let i = 0; i < n; i++) {
      const at = x[i] ?? missing(x, i);
      const [dz, dLog] = [outputs[i] ?? missing(outputs, i), outputs[n + i] ?? missing(outputs, n + i)];
      if (!(abs(at) <= this.#bound)) {
        dx[i] = dz;
        continue;
      }
      this.#locate(at, 0, parameters, i);
      const [width, height, left, right] = [this.#width, this.#height, this.#left, this.#right];
      const { share, rest, product, mean, denominator, ends, bend } = this.#inBin(at);
      const numerator = mean * share * share + left * product;
      const lift = height / (denominator * denominator); // z − y₀ = height·numerator / denominator
      const slope = (ends * mean * mean) / (denominator * denominator);
      const narrowing = 1 - 2 * product;
      const dShare =
        dz * slope * width +
        (dLog * 2 * (right * share + mean * (1 - 2 * share) - left * rest)) / ends -
        (dLog * 2 * bend * (1 - 2 * share)) / denominator;
      const dMean =
        dz * lift * (share * share * denominator - numerator * narrowing) +
        dLog * 2 * (1 / mean - narrowing / denominator + product / ends);
      const dLeft =
        dz * lift * product * (denominator - numerator) + dLog * ((rest * rest) / ends - (2 * product) / denominator);
      const dRight = -dz * lift * product * numerator + dLog * ((share * share) / ends - (2 * product) / denominator);
      dx[i] = dShare / width;
      this.#pullBack(i, parameters, dParameters, {
        x: -dShare / width,
        width: -(dShare * share + dMean * mean) / width,
        y: dz,
        height: (dz * numerator) / denominator + dMean / width,
        left: dLeft,
        right: dRight,
      });
    }
    return { x: dx, parameters: dParameters };
  }

  /** Shares, slopes and sums common to value and derivatives, at `at` in the located bin. */
  #inBin(at: number) {
    const share = (at - this.#x) / this.#width;
    const rest = 1 - share;
    const product = share * rest;
    const mean = this.#height / this.#width;
    const bend = this.#left + this.#right - 2 * mean; // 0 where the bin is straight
    const denominator = mean + bend * product;
    const ends = this.#right * share * share + 2 * mean * product + this.#left * rest * rest;
    return { share, rest, product, mean, bend, denominator, ends };
  }

  /** Finds the bin of entry i by its x (axis 0) or by its z (axis K). */
  #locate(at: number, axis: number, parameters: Float32Array, i: number): void {
    const [bins, shares] = [this.#bins, this.#shares];
    const offset = i * (3 * bins - 1);
    this.#softmax(parameters, offset, 0);
    this.#softmax(parameters, offset, bins);
    const size = 2 * this.#bound;
    let x = -this.#bound;
    let y = -this.#bound;
    let bin = 0;
    for (; ; bin++) {
      const width = size * (shares[bin] ?? missing(shares, bin));
      const height = size * (shares[bins + bin] ?? missing(shares, bins + bin));
      const end = axis === 0 ? x + width : y + height;
      if (at < end || bin === bins - 1) {
        this.#width = width;
        this.#height = height;
        break;
      }
      x += width;
      y += height;
    }
    this.#bin = bin;
    this.#x = x;
    this.#y = y;
    const right = offset + 2 * bins + bin;
    this.#left = bin === 0 ? 1 : this.#slope(parameters[right - 1] ?? missing(parameters, right - 1));
    this.#right = bin === bins - 1 ? 1 : this.#slope(parameters[right] ?? missing(parameters, right));
  }

  /** Shares of the interval per bin. */
  #softmax(parameters: Float32Array, offset: number, from: number): void {
    const [bins, shares] = [this.#bins, this.#shares];
    let largest = -Infinity;
    for (let k = from; k < from + bins; k++) {
      const logit = this.#capped(parameters[offset + k] ?? missing(parameters, offset + k));
      shares[k] = logit;
      if (logit > largest) largest = logit;
    }
    let sum = 0;
    for (let k = from; k < from + bins; k++) {
      const power = exp((shares[k] ?? missing(shares, k)) - largest);
      shares[k] = power;
      sum += power;
    }
    const factor = (1 - bins * LEAST_SHARE) / sum;
    for (let k = from; k < from + bins; k++) {
      shares[k] = (shares[k] ?? missing(shares, k)) * factor + LEAST_SHARE;
    }
  }

  #slope(raw: number): number {
    const shifted = this.#capped(raw) + SLOPE_OFFSET;
    return LEAST_SLOPE + max(shifted, 0) + log1p(exp(-abs(shifted)));
  }

  /** c·tanh(r / c). */
  #capped(raw: number): number {
    const cap = this.#cap;
    return cap === null ? raw : cap - (2 * cap) / (1 + exp((2 * raw) / cap));
  }

  /** Derivative of #capped. */
  #capSlope(raw: number): number {
    const cap = this.#cap;
    if (cap === null) return 1;
    const relative = this.#capped(raw) / cap;
    return 1 - relative * relative;
  }

  /** Propagates the gradient of the located bin to the raw parameters of entry i. */
  #pullBack(
    i: number,
    parameters: Float32Array,
    out: Float32Array,
    d: Readonly<Record<'x' | 'width' | 'y' | 'height' | 'left' | 'right', number>>,
  ): void {
    const [bins, bin] = [this.#bins, this.#bin];
    const offset = i * (3 * bins - 1);
    this.#pullSoftmax(parameters, out, offset, 0, d.x, d.width);
    this.#pullSoftmax(parameters, out, offset, bins, d.y, d.height);
    if (bin > 0) this.#pullSlope(parameters, out, offset + 2 * bins + bin - 1, d.left);
    if (bin < bins - 1) this.#pullSlope(parameters, out, offset + 2 * bins + bin, d.right);
  }

  /**
   * A knot lies at the sum of the bins before it, so their sizes share the gradient of its
   * position.
   */
  #pullSoftmax(
    parameters: Float32Array,
    out: Float32Array,
    offset: number,
    from: number,
    dKnot: number,
    dSize: number,
  ): void {
    const [bins, bin, shares, pulls] = [this.#bins, this.#bin, this.#shares, this.#pulls];
    let centre = 0;
    for (let k = 0; k <= bin; k++) {
      const probability = (shares[from + k] ?? missing(shares, from + k)) - LEAST_SHARE; // times 1 − K·LEAST_SHARE
      const pull = probability * (k < bin ? dKnot : dSize);
      pulls[k] = pull;
      centre += pull;
    }
    centre /= 1 - bins * LEAST_SHARE;
    for (let k = 0; k < bins; k++) {
      const probability = (shares[from + k] ?? missing(shares, from + k)) - LEAST_SHARE;
      const pull = (k <= bin ? (pulls[k] ?? missing(pulls, k)) : 0) - probability * centre;
      const entry = offset + from + k;
      out[entry] = 2 * this.#bound * pull * this.#capSlope(parameters[entry] ?? missing(parameters, entry));
    }
  }

  #pullSlope(parameters: Float32Array, out: Float32Array, at: number, dSlope: number): void {
    const raw = parameters[at] ?? missing(parameters, at);
    out[at] = (dSlope / (1 + exp(-this.#capped(raw) - SLOPE_OFFSET))) * this.#capSlope(raw);
  }
}
