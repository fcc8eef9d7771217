import type { FitOptions, Flow } from '@flowline/flows';
import { logProbRows, realNVP } from '@flowline/flows';

import type { DensityData } from '../density/data.ts';
import { REFERENCE } from '../engine/reference-models.ts';
import { mean } from '../support/statistics.ts';
import type { Trainer } from './engines.ts';

/** Widths of the networks that are trained to a density, ours and the peer's. */
export const HIDDEN = [64, 64] as const;

/** Our recipe for rows: that of ADR 8. */
const recipe = {
  learningRate: 2e-3,
  weightDecay: 0.05,
  averaging: 0.998,
  batchSize: 512,
} satisfies Partial<FitOptions>;

/** Flow to train on a data set, with the weights from which ours and the peer's begin. */
export const flowFor = ({ features }: Pick<DensityData, 'features'>): Flow =>
  realNVP({ ...REFERENCE, features, hidden: HIDDEN, seed: 1 });

/** Budget of a training, and the validation NLL at which its clock stops. */
export interface NllTask {
  readonly steps: number;
  readonly validateEvery: number;
  readonly targetNll: number;
}

/** Result of a training. */
export interface TimeToNll {
  /**
   * Wall-clock seconds from the call that trains to the end of the first validation at or below the
   * target; null if the budget ended before.
   */
  readonly seconds: number | null;
  /** Mean −log p of the test rows under the weights of the best validation, in nats. */
  readonly nll: number;
}

/**
 * Trains a flow by our recipe until its validation NLL is at or below the target, then scores the
 * test rows.
 */
export async function timeToNll(
  train: Trainer,
  flow: Flow,
  data: Pick<DensityData, 'train' | 'validation' | 'test'>,
  { steps, validateEvery, targetNll }: NllTask,
): Promise<TimeToNll> {
  const reached = new AbortController();
  let seconds: number | null = null;
  const startMs = performance.now();
  const onProgress: FitOptions['onProgress'] = ({ validationNll }) => {
    if (seconds !== null || validationNll === null || validationNll > targetNll) return;
    seconds = (performance.now() - startMs) / 1000;
    reached.abort();
  };
  const { signal } = reached;
  try {
    const { train: rows, validation } = data;
    const options = { ...recipe, seed: 1, steps, validateEvery, patience: steps, signal, onProgress };
    await train(flow, { train: rows, validation }, options);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  const logP = await logProbRows(flow, data.test.x, data.test.size);
  return { seconds, nll: -mean(logP) };
}
