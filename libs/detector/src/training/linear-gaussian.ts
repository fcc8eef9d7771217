import { at } from '@flowline/events';

/** Encoded rows to fit a Gaussian to. */
export interface GaussianRows {
  readonly features: number;
  readonly contextWidth: number;
  /** [n × d] values, 0 where missing. */
  readonly x: Float32Array;
  /** [n × c] */
  readonly context: Float32Array;
  readonly size: number;
  /** Per feature: the context column that is 1 where it is observed; null if it always is. */
  readonly presence: readonly (number | null)[];
}

/**
 * Gaussian with a mean that is linear in the context, as a map to independent standard normals:
 * z_i = whitening_ii·x_i + Σ_{j<i} whitening_ij·x_j + Σ_k byContext_ik·context_k + shift_i.
 */
export interface LinearGaussian {
  /** [d × d], lower triangular with a positive diagonal. */
  readonly whitening: Float64Array;
  /** [d × c] */
  readonly byContext: Float64Array;
  /** [d] */
  readonly shift: Float64Array;
}

/** Weight of the prior of the regression on the context, in rows. */
const RIDGE_ROWS = 1;
/** Least variance of a feature, in encoded units squared. */
const LEAST_VARIANCE = 1e-6;

/**
 * Fits a Gaussian in closed form: the mean by ridge regression on the context, the covariance of
 * the residuals shrunk towards a multiple of the identity (oracle approximating shrinkage; Chen,
 * Wiesel, Eldar and Hero 2010). Missing values count as 0, and variances are those of the observed
 * ones.
 */
export function fitLinearGaussian(rows: GaussianRows): LinearGaussian {
  const { features: d, contextWidth } = rows;
  const own = contextWidth + 1;
  const moments = momentsOf(rows);
  const total = own + d;
  const block = (row: number, column: number): number => at(moments, row * total + column);
  const given = Float64Array.from(
    { length: own * own },
    (_, i) => block(Math.floor(i / own), i % own) + (i % (own + 1) === 0 && i > 0 ? RIDGE_ROWS / rows.size : 0),
  );
  const factor = cholesky(given, own);
  // coefficients[i] = M_cc⁻¹·M_c,i: the mean of feature i is coefficients[i]·(1, context).
  const coefficients = Array.from({ length: d }, (_, i) => {
    const right = Float64Array.from({ length: own }, (_unused, k) => block(k, own + i));
    return backward(factor, forward(factor, right, own), own);
  });
  const residual = new Float64Array(d * d);
  for (let i = 0; i < d; i++) {
    for (let j = 0; j < d; j++) {
      let value = block(own + i, own + j);
      for (let k = 0; k < own; k++) value -= at(at(coefficients, i), k) * block(k, own + j);
      residual[i * d + j] = value;
    }
  }
  const whitening = inverseFactor(shrunk(observedScale(residual, rows), d, rows.size), d);
  return { whitening, ...throughMean(whitening, coefficients, d, contextWidth) };
}

/** Second moments of (1, context, x), [(1 + c + d)²]. */
function momentsOf({ features: d, contextWidth: c, x, context, size }: GaussianRows): Float64Array {
  const width = 1 + c + d;
  const moments = new Float64Array(width * width);
  const values = new Float64Array(width);
  values[0] = 1;
  for (let row = 0; row < size; row++) {
    values.set(context.subarray(row * c, (row + 1) * c), 1);
    values.set(x.subarray(row * d, (row + 1) * d), 1 + c);
    for (let i = 0; i < width; i++) {
      const weight = at(values, i) / size;
      if (weight === 0) continue;
      for (let j = 0; j <= i; j++) moments[i * width + j] = at(moments, i * width + j) + weight * at(values, j);
    }
  }
  for (let i = 0; i < width; i++) {
    for (let j = 0; j < i; j++) moments[j * width + i] = at(moments, i * width + j);
  }
  return moments;
}

/** Covariances with those of features that are often missing scaled to their observed rows. */
function observedScale(covariance: Float64Array, { features: d, presence, context, contextWidth, size }: GaussianRows) {
  const scale = presence.map((column) => {
    if (column === null) return 1;
    let observed = 0;
    for (let row = 0; row < size; row++) observed += at(context, row * contextWidth + column);
    return Math.sqrt(size / Math.max(1, observed));
  });
  return covariance.map((value, i) => value * at(scale, Math.floor(i / d)) * at(scale, i % d));
}

/** Covariance (1 − ρ)·S + ρ·tr(S)/d·I with the oracle approximating ρ. */
function shrunk(covariance: Float64Array, d: number, rows: number): Float64Array {
  let trace = 0;
  for (let i = 0; i < d; i++) trace += at(covariance, i * d + i);
  const ofSquare = covariance.reduce((sum, value) => sum + value * value, 0);
  const numerator = (1 - 2 / d) * ofSquare + trace * trace;
  const denominator = (rows + 1 - 2 / d) * (ofSquare - (trace * trace) / d);
  const share = denominator <= 0 ? 0 : Math.min(1, Math.max(0, numerator / denominator));
  return covariance.map((value, i) => {
    const isDiagonal = i % (d + 1) === 0;
    const kept = (1 - share) * value + (isDiagonal ? (share * trace) / d : 0);
    return isDiagonal ? Math.max(kept, 0) + LEAST_VARIANCE : kept;
  });
}

/** Lower factor C of a positive definite matrix C·Cᵀ, [n × n]. */
function cholesky(matrix: Float64Array, n: number): Float64Array {
  const factor = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = at(matrix, i * n + j);
      for (let k = 0; k < j; k++) sum -= at(factor, i * n + k) * at(factor, j * n + k);
      factor[i * n + j] = i === j ? Math.sqrt(Math.max(sum, LEAST_VARIANCE)) : sum / at(factor, j * n + j);
    }
  }
  return factor;
}

/** Solution y of C·y = right. */
function forward(factor: Float64Array, right: Float64Array, n: number): Float64Array {
  const solution = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    let sum = at(right, i);
    for (let k = 0; k < i; k++) sum -= at(factor, i * n + k) * at(solution, k);
    solution[i] = sum / at(factor, i * n + i);
  }
  return solution;
}

/** Solution y of Cᵀ·y = right. */
function backward(factor: Float64Array, right: Float64Array, n: number): Float64Array {
  const solution = new Float64Array(n);
  for (let i = n - 1; i >= 0; i--) {
    let sum = at(right, i);
    for (let k = i + 1; k < n; k++) sum -= at(factor, k * n + i) * at(solution, k);
    solution[i] = sum / at(factor, i * n + i);
  }
  return solution;
}

/** C⁻¹ of a covariance C·Cᵀ, lower triangular. */
function inverseFactor(covariance: Float64Array, d: number): Float64Array {
  const factor = cholesky(covariance, d);
  const inverse = new Float64Array(d * d);
  for (let column = 0; column < d; column++) {
    const unit = new Float64Array(d);
    unit[column] = 1;
    forward(factor, unit, d).forEach((value, row) => {
      inverse[row * d + column] = value;
    });
  }
  return inverse;
}

/** Effects of the context and of 1 on z: −whitening·mean. */
function throughMean(whitening: Float64Array, coefficients: readonly Float64Array[], d: number, contextWidth: number) {
  const [byContext, shift] = [new Float64Array(d * contextWidth), new Float64Array(d)];
  for (let i = 0; i < d; i++) {
    for (let j = 0; j <= i; j++) {
      const [weight, mean] = [at(whitening, i * d + j), at(coefficients, j)];
      shift[i] = at(shift, i) - weight * at(mean, 0);
      for (let k = 0; k < contextWidth; k++) {
        byContext[i * contextWidth + k] = at(byContext, i * contextWidth + k) - weight * at(mean, k + 1);
      }
    }
  }
  return { byContext, shift };
}

/** z of the rows, [n × d]. */
export function whitened({ features: d, contextWidth: c, x, context, size }: GaussianRows, map: LinearGaussian) {
  const z = new Float32Array(size * d);
  for (let row = 0; row < size; row++) {
    for (let i = 0; i < d; i++) {
      let sum = at(map.shift, i);
      for (let j = 0; j <= i; j++) sum += at(map.whitening, i * d + j) * at(x, row * d + j);
      for (let k = 0; k < c; k++) sum += at(map.byContext, i * c + k) * at(context, row * c + k);
      z[row * d + i] = sum;
    }
  }
  return z;
}
