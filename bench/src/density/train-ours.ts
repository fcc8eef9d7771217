import { fitCompiled, whyNotTrained } from '@flowline/engine';
import { fit, logProbRows } from '@flowline/flows';

import type { DensityData } from './data.ts';
import type { DensityModel } from './models.ts';

/** Scores of a trained flow on the test rows, with the cost of its training. */
export interface Scored {
  /** log p per test row, in nats. */
  readonly logProb: Float64Array;
  readonly parameters: number;
  readonly steps: number;
  /** CPU seconds of training, validations and the fit of the base included. */
  readonly seconds: number;
}

/**
 * Trains one of our flows and scores the test rows. Training is compiled where the family has a
 * compiled form; the others train with TensorFlow.js.
 */
export async function trainOurs(model: DensityModel, data: DensityData, steps: number, seed: number): Promise<Scored> {
  const before = process.cpuUsage();
  const flow = model.make(seed);
  const ownSteps = Math.max(1, Math.round(steps * model.stepShare));
  const train = whyNotTrained(flow) === null ? fitCompiled : fit;
  await train(flow, data, {
    seed,
    steps: ownSteps,
    batchSize: data.batch,
    ...model.options,
    warmupSteps: Math.round(ownSteps * model.warmupShare),
    ...(data.values > 0 ? { noise: { uniform: new Float32Array(data.features).fill(1) } } : {}),
    validateEvery: Math.min(ownSteps, VALIDATE_EVERY[data.kind]),
    patience: ownSteps, // the best weights of the whole budget, as for the peers
  });
  const { user, system } = process.cpuUsage(before);
  const logProb = await logProbRows(flow, data.test.x, data.test.size);
  const parameters = flow.parameterCount;
  flow.dispose();
  return { logProb, parameters, steps: ownSteps, seconds: (user + system) / 1e6 };
}

/** Steps between validations. Small data sets overfit early and are validated more often. */
const VALIDATE_EVERY = { toy: 150, rows: 250, image: 50 } as const;
