import type { Flow } from '../flow.ts';
import { checkValue } from '../options/check-options.ts';
import { withMethods } from '../options/rules.ts';
import type { FitData } from './fit-data.ts';
import { prepareFitData } from './fit-data.ts';
import type { FitOptions, FitReport } from './options.ts';
import { checkFitOptions, resolveFitOptions } from './options.ts';
import { reportersOf } from './progress-line.ts';
import { tensorTraining } from './tensor-training.ts';
import type { TrainingBackend } from './training-backend.ts';
import { assertResumable, decodeCheckpoint, identityOf } from './training-checkpoint.ts';
import { TrainingRun } from './training-run.ts';

/**
 * Trains a flow by minimising −mean log p with AdamW: linear warm-up, cosine decay, early stopping
 * on validation. The flow ends with the best weights. The same seed, data and backend give the same
 * weights, bit for bit, even if training is interrupted any number of times and resumed from
 * checkpoints. A step whose gradient is not finite is skipped and counted. Training rows are in
 * memory or a stream of chunks.
 *
 * Throws FLOWLINE_FEATURES_INVALID for data of a wrong shape or with non-finite values,
 * FLOWLINE_USAGE for an invalid option, FLOWLINE_TRAINING_FAILED when no validation was finite, and
 * FLOWLINE_ABORTED when the signal aborts. For a checkpoint to resume from, throws
 * FLOWLINE_MODEL_INCOMPATIBLE when it belongs to another flow or training and
 * FLOWLINE_MODEL_CORRUPTED when it is damaged.
 *
 * ```ts
 * const report = await fit(flow, { train: { x, size }, validation }, { seed: 1, steps: 20 });
 *
 * // Rows in chunks, e.g. from a database cursor, and checkpoints that a later run can go on from.
 * async function* pass() {
 *   for (let from = 0; from < size; from += 50) yield { x: x.subarray(2 * from, 2 * (from + 50)), size: 50 };
 * }
 * const checkpoints: TrainingCheckpoint[] = [];
 * const options = { seed: 1, steps: 20, checkpointEvery: 10 };
 * await fit(flow, { train: pass, validation }, { ...options, onCheckpoint: (each) => void checkpoints.push(each) });
 * await fit(flow, { train: pass, validation }, { ...options, resume: checkpoints[0].bytes }); // the same weights again
 * ```
 */
export function fit(flow: Flow, data: FitData, options: FitOptions): Promise<FitReport> {
  return fitWith(tensorTraining, flow, data, options);
}

/**
 * {@link fit} with another implementation of its steps, e.g. compiled code. Only data-dependent
 * initialisation still runs on TensorFlow.js. A checkpoint of one implementation can be resumed by
 * another, which continues from the same state with its own rounding and noise.
 */
export async function fitWith(
  backend: TrainingBackend,
  flow: Flow,
  data: FitData,
  options: FitOptions,
): Promise<FitReport> {
  checkValue('fit.flow', flow, withMethods('a Flow', 'uncheckedLogProb', 'initialize'));
  checkFitOptions(options);
  const prepared = prepareFitData(flow, data, options);
  const resolved = resolveFitOptions(flow, prepared, options);
  const resumed = options.resume === undefined ? undefined : decodeCheckpoint(options.resume);
  if (resumed !== undefined) assertResumable(resumed, flow, identityOf(prepared, resolved));
  const reporters = reportersOf(flow.family, options);
  const training = new TrainingRun({
    backend,
    flow,
    data: prepared,
    options: { ...resolved, onProgress: reporters.show },
    resumed,
  });
  try {
    return await training.run();
  } finally {
    reporters.close();
    await training.dispose();
  }
}
