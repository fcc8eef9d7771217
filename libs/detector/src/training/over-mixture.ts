import { at, turn } from '@flowline/events';
import type { ChosenScorer } from '@flowline/engine';
import type { FeatureEncoding } from '@flowline/features';
import { fitMixture, type Flow, Random } from '@flowline/flows';

import { componentCounts, NORMAL } from './bases.ts';
import { chosenRows } from './chosen-rows.ts';
import { newFlow, type TrainedArchitecture } from './families.ts';
import { fitWithoutOutliers } from './fit-without-outliers.ts';
import { heldOutScorer } from './held-out-scorer.ts';
import type { GaussianRows } from './linear-gaussian.ts';
import { copiesOf, noisyCopies, spacedCopies } from './noisy-copies.ts';
import type { TrainingRows } from './rows-to-train-on.ts';
import type { DetectorTrainingSpec } from './training-spec.ts';

/** Training rows that a mixture is fitted to, evenly spaced. */
const MOST_ROWS = 5_000;
/**
 * Fewest training rows per component, unless their number is stated. With fewer, components that
 * are trained further settle on single rows.
 */
const ROWS_PER_COMPONENT = 50;

/** Options of {@link overMixture}. */
export interface OverMixtureOptions {
  readonly seed: number;
  readonly architecture: TrainedArchitecture;
  /** Number of components; null: the validation rows choose it. */
  readonly components: number | null;
  readonly spec: Pick<DetectorTrainingSpec, 'backend' | 'data'>;
  readonly signal: AbortSignal | undefined;
}

/**
 * Flow with new weights over a mixture of normals that is fitted to its latents: training begins at
 * a density with the modes of the rows. Means that are drawn would not find them. The rows have the
 * noise of training. Of unlabelled rows the outliers are left out, so that no component begins as a
 * cluster of anomalies. The caller disposes it.
 */
export async function overMixture(
  encoding: FeatureEncoding,
  { train, validation }: TrainingRows,
  options: OverMixtureOptions,
): Promise<Flow> {
  const { seed, architecture, components, spec, signal } = options;
  const random = new Random(seed).fork('base');
  const { rows: spaced, size } = spacedCopies(train, MOST_ROWS);
  const copies = copiesOf(size);
  const drawn = noisyCopies(encoding, spaced, { copies, masking: 0, random: random.fork('noise') });
  const checked = noisyCopies(encoding, validation, { copies: 1, masking: 0, random: random.fork('validation') });
  const tensors = spec.backend ?? 'tfjs-wasm';
  const plain = newFlow(encoding, seed, { ...architecture, base: NORMAL });
  const [all, validating] = await scored(plain, tensors, async (scorer) => {
    const latentsOf = async (rows: GaussianRows): Promise<Float32Array> =>
      withDrawnMissing(encoding, await scorer.latent(flatRows(rows), rows.size), random.fork('missing'));
    return [await latentsOf(drawn), await latentsOf(checked)] as const;
  }).finally(() => plain.dispose());
  const features = encoding.dimensions;
  const counts = components === null ? componentCounts(size, ROWS_PER_COMPONENT) : ([components] as const);
  const { flow } = await fitWithoutOutliers(drawn.size, {
    data: spec.data,
    fit: (places) => {
      const data = {
        train: { x: chosenRows(all, features, places), size: places.length },
        validation: { x: validating, size: checked.size },
      };
      return newFlow(encoding, seed, architecture, fitMixture(data, { features, components: counts, seed }));
    },
    logPOf: async (before) => {
      await turn(signal);
      return scored(before, tensors, (scorer) => scorer.score(flatRows(drawn), drawn.size));
    },
  });
  return flow;
}

/** Result of a scorer of one flow, which is disposed afterwards. */
async function scored<T>(
  flow: Flow,
  tensors: NonNullable<DetectorTrainingSpec['backend']>,
  read: (scorer: ChosenScorer) => Promise<T>,
): Promise<T> {
  const scorer = await heldOutScorer([flow], tensors);
  try {
    return await read(scorer);
  } finally {
    scorer.dispose();
  }
}

/** Rows as scorers take them, [x | context]. */
function flatRows({ x, context, features, contextWidth, size }: GaussianRows): Float32Array {
  if (contextWidth === 0) return x;
  const width = features + contextWidth;
  const rows = new Float32Array(size * width);
  for (let row = 0; row < size; row++) {
    rows.set(x.subarray(row * features, (row + 1) * features), row * width);
    rows.set(context.subarray(row * contextWidth, (row + 1) * contextWidth), row * width + features);
  }
  return rows;
}

/**
 * Latents, drawn where their features are missing, which scorers mark by 0: expectation
 * maximisation takes complete rows. With noise, no other latent is 0.
 */
function withDrawnMissing({ presence }: FeatureEncoding, latents: Float32Array, random: Random): Float32Array {
  if (presence.every((column) => column === null)) return latents;
  return latents.map((_, i) => (at(latents, i) === 0 ? random.normal() : at(latents, i)));
}
