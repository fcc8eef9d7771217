import { at } from '@flowline/events';
import type { FeatureEncoding } from '@flowline/features';
import { fitMixture, type Flow, logProbRows, maf, outlierThreshold, Random } from '@flowline/flows';

import { componentCounts } from './bases.ts';
import type { FittedFamily } from './families.ts';
import { fitWithoutOutliers } from './fit-without-outliers.ts';
import { fitLinearGaussian, type GaussianRows, type LinearGaussian, whitened } from './linear-gaussian.ts';
import { copiesOf, noisyCopies, rowsAtPlaces, rowsOf, spacedCopies } from './noisy-copies.ts';
import { isRobust, recipe, type TrainingData } from './recipe.ts';
import type { TrainingRows } from './rows-to-train-on.ts';
import type { MemberReport } from './train-flow.ts';

/** Training rows that a density is fitted to, evenly spaced; more do not change it noticeably. */
const MOST_ROWS = { gaussian: 20_000, mixture: 5_000 } as const;
/** Fewest training rows per component of a mixture. */
const ROWS_PER_COMPONENT = 20;

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
  const masking = recipe.maskingProbability;
  const { rows: spaced, size } = spacedCopies(train, MOST_ROWS[family]);
  const drawn = noisyCopies(encoding, spaced, { copies: copiesOf(size), masking, random: random.fork('noise') });
  const checked = noisyCopies(encoding, validation, { copies: 1, masking, random: random.fork('validation') });
  const { flow, places } = await fitWithoutOutliers(drawn.size, {
    data,
    fit: (chosen) => fitted(encoding, rowsAtPlaces(drawn, chosen), checked, family, size, seed),
    logPOf: (before) => logProbRows(before, rowsOf(drawn)),
  });
  try {
    const logP = await logProbRows(flow, rowsOf(checked));
    const least = isRobust(data) ? outlierThreshold(logP) : -Infinity;
    const nll = -logP.reduce((sum, value) => sum + Math.max(value, least), 0) / checked.size;
    return { flow, report: reportOf(nll, 1 - places.length / drawn.size) };
  } catch (error) {
    flow.dispose();
    throw error;
  }
}

const reportOf = (bestValidationNll: number, trimmedShare: number): MemberReport => ({
  ...{ steps: 0, bestStep: 0, bestValidationNll, stoppedBy: 'fitted', skippedSteps: 0, trimmedShare, curves: [] },
});

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
  const components = componentCounts(distinct, ROWS_PER_COMPONENT);
  const base =
    family === 'gaussian'
      ? {}
      : { base: fitMixture({ train: latents(rows), validation: latents(validation) }, { features, components, seed }) }; // prettier-ignore
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
