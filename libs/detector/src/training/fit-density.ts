import { at } from '@flowline/events';
import type { FeatureEncoding } from '@flowline/features';
import { fitMixture, type Flow, logProbRows, maf, outlierThreshold, Random } from '@flowline/flows';

import type { FittedFamily } from './families.ts';
import { fitLinearGaussian, type GaussianRows, type LinearGaussian, whitened } from './linear-gaussian.ts';
import { isRobust, recipe, type TrainingData } from './recipe.ts';
import type { TrainingRows } from './rows-to-train-on.ts';
import type { MemberReport } from './train-flow.ts';

/** Training rows that a density is fitted to, evenly spaced; more do not change it noticeably. */
const MOST_ROWS = { gaussian: 20_000, mixture: 5_000 } as const;
/** Rows are repeated, each time with other noise, until there are as many. */
const LEAST_DRAWS = 2_000;
/** Numbers of components that are compared on the validation rows. */
const COMPONENTS = [1, 2, 4, 8, 16] as const;
/** Fewest training rows per component of a mixture. */
const ROWS_PER_COMPONENT = 20;
/** Fits of unlabelled rows: each leaves out the outliers of the one before it. */
const ROBUST_FITS = 3;

/** Options of {@link fitDensity}. */
export interface FitDensityOptions {
  readonly family: FittedFamily;
  readonly seed: number;
  readonly data: TrainingData;
}

/** Flow of a fitted family, and the report on its fit. */
export interface FittedDensity {
  readonly flow: Flow;
  readonly report: MemberReport;
}

/**
 * Fits a density without gradient steps, as a flow like any other: one affine autoregressive map
 * that whitens the rows, linear in the context, over a standard normal (`gaussian`) or over a
 * mixture of diagonal normals fitted by expectation maximisation (`mixture`, whose number of
 * components the validation rows choose). It is the density of x + σ·ε, as that of a trained flow.
 * With missing values it is conditional on which are missing, as flows are. The caller disposes it.
 */
export async function fitDensity(
  encoding: FeatureEncoding,
  { train, validation }: TrainingRows,
  { family, seed, data }: FitDensityOptions,
): Promise<FittedDensity> {
  const random = new Random(seed);
  const size = Math.min(train.size, MOST_ROWS[family]);
  const indices = Int32Array.from({ length: size }, (_, i) => Math.floor((i * train.size) / size));
  const copies = Math.ceil(LEAST_DRAWS / size);
  const drawn = noisy(encoding, train.rowsAt(indices), copies, random.fork('noise'));
  const checked = noisy(encoding, validation, 1, random.fork('validation'));
  let rows = drawn;
  let flow = fitted(encoding, rows, checked, family, size, seed);
  try {
    for (let again = 1; again < ROBUST_FITS && isRobust(data); again++) {
      const kept = ordinary(drawn, await logProbRows(flow, rowsOf(drawn)));
      if (kept.size === rows.size) break;
      rows = kept;
      flow.dispose();
      flow = fitted(encoding, rows, checked, family, size, seed);
    }
    const logP = await logProbRows(flow, rowsOf(checked));
    const least = isRobust(data) ? outlierThreshold(logP) : -Infinity;
    const nll = -logP.reduce((sum, value) => sum + Math.max(value, least), 0) / checked.size;
    return { flow, report: reportOf(nll, 1 - rows.size / drawn.size) };
  } catch (error) {
    flow.dispose();
    throw error;
  }
}

const reportOf = (bestValidationNll: number, trimmedShare: number): MemberReport => ({
  ...{ steps: 0, bestStep: 0, bestValidationNll, stoppedBy: 'fitted', skippedSteps: 0, trimmedShare, curves: [] },
});

const rowsOf = ({ x, context, contextWidth, size }: GaussianRows) =>
  contextWidth === 0 ? { x, size } : { x, context, size };

/** Copies of rows with noise of their own, and with features hidden as in training. */
function noisy(
  encoding: FeatureEncoding,
  rows: { readonly x: Float32Array; readonly context?: Float32Array; readonly size: number },
  copies: number,
  random: Random,
): GaussianRows {
  const { dimensions: features, contextWidth, noise, presence, maskable } = encoding;
  const size = copies * rows.size;
  const [x, context] = [new Float32Array(size * features), new Float32Array(size * contextWidth)];
  for (let copy = 0; copy < copies; copy++) {
    x.set(rows.x, copy * rows.x.length);
    if (rows.context !== undefined) context.set(rows.context, copy * rows.context.length);
  }
  const isMaskable = presence.map((_, feature) => maskable.includes(feature));
  for (let i = 0; i < x.length; i++) {
    const feature = i % features;
    const [column, row] = [at(presence, feature), Math.floor(i / features)];
    const hidden = at(isMaskable, feature) && random.uniform() < recipe.maskingProbability;
    if (hidden && column !== null) context[row * contextWidth + column] = 0;
    const isMissing = column !== null && at(context, row * contextWidth + column) === 0;
    const spread = at(noise.gaussian, feature) * random.normal();
    const width = at(noise.uniform, feature) * (random.uniform() - 0.5);
    x[i] = isMissing ? 0 : at(x, i) + spread + width;
  }
  return { features, contextWidth, x, context, size, presence };
}

/** Rows that are no outliers. */
function ordinary(rows: GaussianRows, logP: Float64Array): GaussianRows {
  const threshold = outlierThreshold(logP);
  const kept = Array.from(logP.keys()).filter((row) => at(logP, row) >= threshold);
  return { ...rows, ...chosen(rows, kept), size: kept.length };
}

function chosen({ x, context, features, contextWidth }: GaussianRows, kept: readonly number[]) {
  const part = (values: Float32Array, width: number): Float32Array => {
    const result = new Float32Array(kept.length * width);
    kept.forEach((from, to) => result.set(values.subarray(from * width, (from + 1) * width), to * width));
    return result;
  };
  return { x: part(x, features), context: part(context, contextWidth) };
}

/** @param distinct number of training rows of which the noisy rows are copies. */
function fitted(
  { dimensions: features, contextWidth: context, presence }: FeatureEncoding,
  rows: GaussianRows,
  validation: GaussianRows,
  family: FittedFamily,
  distinct: number,
  seed: number,
): Flow {
  const map = fitLinearGaussian(rows);
  const latents = (of: GaussianRows) => ({ x: latentsOf(of, map, new Random(seed).fork('missing')), size: of.size });
  const counts = COMPONENTS.slice(1).filter((count) => count * ROWS_PER_COMPONENT <= distinct);
  const base =
    family === 'gaussian'
      ? {}
      : { base: fitMixture({ train: latents(rows), validation: latents(validation) }, { features, components: [1, ...counts], seed }) }; // prettier-ignore
  const shape = { features, context, presence, seed, ...base };
  const flow = maf({ ...shape, layers: 1, hidden: [], actNorm: false, inputClip: null, scaleBound: null });
  assign(flow, map, features, context);
  return flow;
}

/** Latents of the rows. Missing ones are drawn: EM knows complete rows only. */
function latentsOf(rows: GaussianRows, map: LinearGaussian, random: Random): Float32Array {
  const { features, contextWidth, context, presence } = rows;
  return whitened(rows, map).map((z, i) => {
    const column = at(presence, i % features);
    const isMissing = column !== null && at(context, Math.floor(i / features) * contextWidth + column) === 0;
    return isMissing ? random.normal() : z;
  });
}

/** Writes a map into the only layer of a flow: per feature a log-scale and a shift. */
function assign(flow: Flow, { whitening, byContext, shift }: LinearGaussian, d: number, c: number): void {
  const outputs = 2 * d;
  const [kernel, fromContext, bias] = [new Float32Array(d * outputs), new Float32Array(c * outputs), new Float32Array(outputs)]; // prettier-ignore
  for (let i = 0; i < d; i++) {
    bias[2 * i] = Math.log(at(whitening, i * d + i));
    bias[2 * i + 1] = at(shift, i);
    for (let j = 0; j < i; j++) kernel[j * outputs + 2 * i + 1] = at(whitening, i * d + j);
    for (let k = 0; k < c; k++) fromContext[k * outputs + 2 * i + 1] = at(byContext, i * c + k);
  }
  for (const [name, parameter] of flow.variables) {
    if (name.endsWith('/w0')) parameter.assign(kernel);
    if (name.endsWith('/c0')) parameter.assign(fromContext);
    if (name.endsWith('/b0')) parameter.assign(bias);
  }
}
