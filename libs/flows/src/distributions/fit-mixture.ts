import { at, missing } from '../at.ts';
import { Random } from '../random.ts';
import { checkOptions, checkValue } from '../options/check-options.ts';
import { finiteNumber, listOf, object, required, whole } from '../options/rules.ts';
import type { NumberRows, Rows } from '../rows.ts';
import { rowsFor } from '../rows.ts';
import { GaussianMixture } from './gaussian-mixture.ts';

const { exp, log, min } = Math; // cached: the loops below run over every row and component

/** Options of {@link fitMixture}. */
export interface FitMixtureOptions {
  readonly features: number;
  /** Candidate numbers of components, each at most the number of training rows. */
  readonly components: readonly [number, ...number[]];
  /** Determines the initial centres. */
  readonly seed: number;
  /**
   * Maximum number of passes over the rows (default 60). Fitting stops earlier once a pass gains
   * less than 1e-6 nats per row.
   */
  readonly passes?: number;
}

const LEAST_GAIN_NATS = 1e-6;
/**
 * Minimum variance as a share of the feature's variance: a component on a single row would be
 * infinitely dense.
 */
const LEAST_VARIANCE_SHARE = 1e-4;
/** Minimum variance of constant features. */
const LEAST_VARIANCE = 1e-9;
/** Minimum weight: a component that has lost its rows keeps a weight that training can raise. */
const LEAST_WEIGHT = 1e-6;

/**
 * Fits a {@link GaussianMixture} to training rows by expectation maximisation (Dempster, Laird and
 * Rubin, 1977) from centres far apart (k-means++; Arthur and Vassilvitskii, 2007). Validation rows
 * select the number of components. A flow with this base starts at a density with the modes of the
 * data and learns the rest. Rows must be on the scale of the latents: mean 0 and variance 1 for a
 * flow that begins with an ActNorm.
 *
 * Throws FLOWLINE_FEATURES_INVALID for rows of another width or non-finite values.
 *
 * ```ts
 * await initBackend('wasm');
 * const base = fitMixture({ train: { x, size }, validation }, { features: 2, components: [2, 4], seed: 1 });
 * const flow = neuralSpline({ features: 2, base, seed: 1 });
 * ```
 */
export function fitMixture(
  data: { readonly train: Rows | NumberRows; readonly validation: Rows | NumberRows },
  options: FitMixtureOptions,
): GaussianMixture {
  checkOptions<FitMixtureOptions>('fitMixture', options, {
    features: required(whole(1)),
    components: required(listOf('whole numbers of at least 1', whole(1))),
    seed: required(finiteNumber),
    passes: whole(1),
  });
  checkValue('fitMixture.data', data, { ...object, expected: '{ train, validation }' });
  const { features, components, seed, passes = 60 } = options;
  const shape = { features, context: 0 };
  const train = rowsFor(shape, data.train, 'train');
  const validation = rowsFor(shape, data.validation, 'validation');
  const least = variancesOf(train, features).map((variance) =>
    Math.max(LEAST_VARIANCE_SHARE * variance, LEAST_VARIANCE),
  );
  const fitted = components.map((count) => {
    let mixture = farApart(train, features, count, new Random(seed));
    let before = -Infinity;
    for (let pass = 0; pass < passes; pass++) {
      const { next, logP } = improved(train, features, mixture, least);
      if (logP - before < LEAST_GAIN_NATS) break;
      [mixture, before] = [next, logP];
    }
    return { mixture, logP: improved(validation, features, mixture, least).logP };
  });
  const { mixture } = fitted.reduce((best, each) => (each.logP > best.logP ? each : best));
  const config = { type: 'gaussianMixture', features, components: mixture.weights.length } as const;
  const result = new GaussianMixture(config, new Random(seed));
  result.variables.get('logits')?.assign(Float32Array.from(mixture.weights, Math.log));
  result.variables.get('means')?.assign(Float32Array.from(mixture.means));
  result.variables.get('logScales')?.assign(Float32Array.from(mixture.variances, (value) => 0.5 * Math.log(value)));
  return result;
}

/** Weights [K], means and variances [K × d]. */
interface Mixture {
  readonly weights: Float64Array;
  readonly means: Float64Array;
  readonly variances: Float64Array;
}

/** One EM pass: the mixture after it, and the mean log p before it, up to a constant. */
function improved({ x, size }: Rows, d: number, mixture: Mixture, least: readonly number[]) {
  const k = mixture.weights.length;
  const [counts, sums, squares] = [new Float64Array(k), new Float64Array(k * d), new Float64Array(k * d)];
  const sharesOf = responsibilities(mixture, d);
  let logP = 0;
  for (let row = 0; row < size; row++) {
    const { shares, logP: ofRow } = sharesOf(x, row * d);
    logP += ofRow;
    for (let c = 0; c < k; c++) {
      const share = shares[c] ?? missing(shares, c);
      counts[c] = (counts[c] ?? missing(counts, c)) + share;
      for (let j = 0; j < d; j++) {
        const [own, entry] = [row * d + j, c * d + j];
        const value = x[own] ?? missing(x, own);
        sums[entry] = (sums[entry] ?? missing(sums, entry)) + share * value;
        squares[entry] = (squares[entry] ?? missing(squares, entry)) + share * value * value;
      }
    }
  }
  const countOf = (entry: number) => Math.max(at(counts, Math.floor(entry / d)), Number.MIN_VALUE);
  const means = sums.map((sum, i) => sum / countOf(i));
  const next: Mixture = {
    weights: counts.map((count) => Math.max(count / size, LEAST_WEIGHT)),
    means,
    variances: squares.map((square, i) => Math.max(square / countOf(i) - at(means, i) ** 2, at(least, i % d))),
  };
  return { next, logP: logP / size };
}

/**
 * Returns a function from the offset of a row to the components' responsibilities for it,
 * overwritten by the next call, and its log p, up to a constant.
 */
function responsibilities({ weights, means, variances }: Mixture, d: number) {
  const k = weights.length;
  const precisions = variances.map((variance) => 1 / variance);
  const constants = weights.map((weight) => log(weight));
  variances.forEach((variance, i) => {
    const c = Math.floor(i / d);
    constants[c] = at(constants, c) - 0.5 * log(variance);
  });
  const shares = new Float64Array(k);
  return (x: Float32Array, from: number) => {
    let largest = -Infinity;
    for (let c = 0; c < k; c++) {
      let exponent = constants[c] ?? missing(constants, c);
      for (let j = 0; j < d; j++) {
        const [own, entry] = [from + j, c * d + j];
        const away = (x[own] ?? missing(x, own)) - (means[entry] ?? missing(means, entry));
        exponent -= 0.5 * away * away * (precisions[entry] ?? missing(precisions, entry));
      }
      shares[c] = exponent;
      largest = exponent > largest ? exponent : largest;
    }
    let total = 0;
    for (let c = 0; c < k; c++) {
      const share = exp((shares[c] ?? missing(shares, c)) - largest);
      shares[c] = share;
      total += share;
    }
    for (let c = 0; c < k; c++) shares[c] = (shares[c] ?? missing(shares, c)) / total;
    return { shares, logP: largest + log(total) };
  };
}

/**
 * Centres at rows, each drawn in proportion to its squared distance from the nearest earlier
 * centre, and the remaining variance around them.
 */
function farApart({ x, size }: Rows, d: number, k: number, random: Random): Mixture {
  const means = new Float64Array(k * d);
  const nearest = new Float64Array(size).fill(1);
  for (let c = 0; c < k; c++) {
    let left = random.uniform() * nearest.reduce((sum, distance) => sum + distance, 0);
    const drawn = nearest.findIndex((distance) => (left -= distance) < 0);
    const row = drawn < 0 ? size - 1 : drawn;
    means.set(x.subarray(row * d, (row + 1) * d), c * d);
    for (let i = 0; i < size; i++) {
      let distance = 0;
      for (let j = 0; j < d; j++) {
        const [own, entry] = [i * d + j, c * d + j];
        distance += ((x[own] ?? missing(x, own)) - (means[entry] ?? missing(means, entry))) ** 2;
      }
      nearest[i] = c === 0 ? distance : min(nearest[i] ?? missing(nearest, i), distance);
    }
  }
  const spread = nearest.reduce((sum, distance) => sum + distance, 0) / (size * d);
  return {
    weights: new Float64Array(k).fill(1 / k),
    means,
    variances: new Float64Array(k * d).fill(Math.max(spread, LEAST_VARIANCE)),
  };
}

function variancesOf({ x, size }: Rows, d: number): number[] {
  return Array.from({ length: d }, (_, j) => {
    let [sum, squares] = [0, 0];
    for (let row = 0; row < size; row++) {
      const own = row * d + j;
      const value = x[own] ?? missing(x, own);
      sum += value;
      squares += value * value;
    }
    return Math.max(0, squares / size - (sum / size) ** 2);
  });
}
