import * as tf from '@tensorflow/tfjs-core';

import { at } from '../at.ts';
import { FlowError } from '../flow-error.ts';
import type { Flow } from '../flow.ts';
import { checkValue } from '../options/check-options.ts';
import { withMethods } from '../options/rules.ts';
import { Random } from '../random.ts';
import type { Batch } from './batch.ts';
import { BatchMaker, disposeBatch } from './batch.ts';
import { FlatParameters } from './flat-parameters.ts';
import type { FitData, PreparedData } from './fit-data.ts';
import { isLookup, prepareFitData } from './fit-data.ts';
import type { FitOptions, FitReport, ResolvedFitOptions } from './options.ts';
import { checkFitOptions, resolveFitOptions } from './options.ts';
import { reportersOf } from './progress-line.ts';
import { rowWeights } from './robust.ts';
import type { RowSource } from './row-source.ts';
import { LookedUpRows, MemoryRows } from './row-source.ts';
import { learningRateAt } from './schedule.ts';
import { StreamedRows } from './streamed-rows.ts';
import type { CheckpointContent, TrainingIdentity } from './training-checkpoint.ts';
import { assertResumable, decodeCheckpoint, encodeCheckpoint, identityOf } from './training-checkpoint.ts';
import { TrainingState } from './training-state.ts';
import { ValidationSet } from './validation-set.ts';

/** Rows of the first batch for data-dependent initialisation. */
const INITIALIZATION_ROWS = 2048;
const PROGRESS_STEPS = 50;
/** Milliseconds between turns of the event loop. */
const YIELD_MS = 40;

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
export async function fit(flow: Flow, data: FitData, options: FitOptions): Promise<FitReport> {
  checkValue('fit.flow', flow, withMethods('a Flow', 'uncheckedLogProb', 'initialize'));
  checkFitOptions(options);
  const prepared = prepareFitData(flow, data, options);
  const resolved = resolveFitOptions(flow, prepared, options);
  const resumed = options.resume === undefined ? undefined : decodeCheckpoint(options.resume);
  if (resumed !== undefined) assertResumable(resumed, flow, identityOf(prepared, resolved));
  const reporters = reportersOf(flow.family, options);
  const training = new Training(flow, prepared, { ...resolved, onProgress: reporters.show }, resumed);
  try {
    return await training.run();
  } finally {
    reporters.close();
    await training.dispose();
  }
}

/**
 * One training run: initialise or resume → steps, with periodic validations and checkpoints
 * → restore the best weights.
 */
class Training {
  readonly #flow: Flow;
  readonly #data: PreparedData;
  readonly #options: ResolvedFitOptions;
  readonly #flowAtStart: string;
  readonly #resumed: CheckpointContent | undefined;
  readonly #random: Random;
  readonly #source: RowSource;
  readonly #batches: BatchMaker;
  readonly #validation: ValidationSet;
  /** Computed at the first checkpoint, because it reads all rows in memory. */
  #identity: TrainingIdentity | undefined;

  constructor(flow: Flow, data: PreparedData, options: ResolvedFitOptions, resumed: CheckpointContent | undefined) {
    this.#flow = flow;
    this.#data = data;
    this.#options = options;
    this.#resumed = resumed;
    this.#flowAtStart = resumed?.flowAtStart ?? JSON.stringify(flow.config);
    const random = new Random(options.seed);
    this.#random = resumed === undefined ? random.fork('batches') : Random.from(resumed.random);
    const { train } = data;
    this.#source =
      typeof train === 'function'
        ? new StreamedRows({
            open: train,
            flow,
            capacity: options.shuffleRows,
            random: random.fork('order'),
            signal: options.signal,
            start: resumed?.position ?? { epoch: 0, taken: 0 },
          })
        : isLookup(train)
          ? new LookedUpRows(train, this.#random)
          : new MemoryRows(train, this.#random);
    this.#batches = new BatchMaker(flow, Math.max(options.batchSize, INITIALIZATION_ROWS), options, this.#random);
    this.#validation = new ValidationSet(flow, data.validation, options, random.fork('validation'));
  }

  async run(): Promise<FitReport> {
    const { steps, batchSize, validateEvery, patience, checkpointEvery, onProgress } = this.#options;
    if (!(await this.#initialize())) throw this.#cancelled(0);
    await this.#warmUp();
    const parameters = new FlatParameters(this.#flow.variables);
    const state = new TrainingState(parameters.values, this.#options.averaging, this.#resumed?.snapshot);
    parameters.push();
    let resumedAt = performance.now();
    while (state.counters.step < steps && state.counters.sinceBest < patience) {
      const batch = await this.#nextBatch(batchSize);
      if (batch === undefined) {
        parameters.push(state.bestWeights);
        await this.#handOut(state);
        throw this.#cancelled(state.counters.step);
      }
      const learningRate = learningRateAt(state.counters.step, this.#options);
      const gradientNorm = this.#step(batch, parameters, state, learningRate);
      const { step, skippedSteps } = state.counters;
      const { trainNll } = state;
      const validates = step % validateEvery === 0 || step === steps;
      if (validates) resumedAt = await turnAfter(resumedAt);
      const validationNll = validates ? await this.#validate(parameters, state) : null;
      if (validationNll !== null) state.recordValidation(validationNll);
      if (validates || step % PROGRESS_STEPS === 0) {
        onProgress?.({ step, steps, trainNll, validationNll, learningRate, gradientNorm, skippedSteps });
      }
      if (step % checkpointEvery === 0) await this.#handOut(state);
      resumedAt = await turnAfter(resumedAt);
    }
    parameters.push(state.bestWeights);
    if (state.counters.bestStep === 0) {
      throw new FlowError('FLOWLINE_TRAINING_FAILED', `no validation was finite in ${state.counters.step} steps`, {
        where: 'fit',
        remedy: 'Scale the data, lower the learning rate, or bound the scales.',
      });
    }
    return state.report(steps);
  }

  async dispose(): Promise<void> {
    this.#validation.dispose();
    await this.#source.close();
  }

  /**
   * Computes a density and its gradient once each, with turns of the event loop in between: the
   * first use of every operation is far slower than any later one.
   */
  async #warmUp(): Promise<void> {
    const { features, context } = this.#flow;
    const density = (): tf.Scalar => {
      const conditions = context === 0 ? undefined : tf.zeros<tf.Rank.R2>([1, context]);
      return tf.sum(this.#flow.uncheckedLogProb(tf.zeros([1, features]), conditions));
    };
    await tf.nextFrame();
    tf.dispose(tf.tidy(density));
    await tf.nextFrame();
    tf.dispose(tf.tidy(() => tf.variableGrads(density)));
    await tf.nextFrame();
  }

  /** Runs the data-dependent initialisation. Returns false if training was cancelled before it. */
  async #initialize(): Promise<boolean> {
    if (this.#flow.bijector.initialize === undefined) return true;
    if (this.#resumed !== undefined) {
      // Any row works: the checkpoint replaces the values computed here, and the flow is marked as
      // initialised.
      const { features, context } = this.#flow;
      tf.tidy(() => this.#flow.initialize(tf.zeros([1, features]), context === 0 ? undefined : tf.zeros([1, context])));
      return true;
    }
    const batch = await this.#nextBatch(INITIALIZATION_ROWS);
    if (batch === undefined) return false;
    await tf.nextFrame();
    // Also drawn for a flow that has nothing to set: the batches after it stay the same.
    this.#flow.initialize(batch.x, batch.context);
    disposeBatch(batch);
    return true;
  }

  /** Returns the next training batch, or undefined if training was cancelled. */
  async #nextBatch(size: number): Promise<Batch | undefined> {
    if (this.#options.signal?.aborted === true) return undefined;
    return (await this.#source.take(size, this.#batches.put)) ? this.#batches.finish(size) : undefined;
  }

  /** Returns the validation NLL of the averaged weights. */
  async #validate(parameters: FlatParameters, state: TrainingState): Promise<number> {
    if (state.averaged === state.weights) return this.#validation.nll();
    parameters.push(state.averaged);
    const nll = await this.#validation.nll();
    parameters.push();
    return nll;
  }

  /**
   * Takes one optimizer step on a batch, disposes of the batch, and returns the gradient norm
   * before clipping.
   */
  #step(batch: Batch, parameters: FlatParameters, state: TrainingState, learningRate: number): number {
    const { batchSize, robust, clipNorm, weightDecay } = this.#options;
    let nll = Number.NaN;
    let kept = 0;
    const gradientNorm = tf.tidy(() => {
      const { grads } = tf.variableGrads(() => {
        const logProb = this.#flow.uncheckedLogProb(batch.x, batch.context);
        const values = Float32Array.from(logProb.dataSync());
        const counted = rowWeights(values, robust);
        const { weights } = counted;
        kept = counted.kept;
        nll = -values.reduce((sum, value, i) => (weights[i] === 0 ? sum : sum + value * at(weights, i)), 0);
        return tf.neg<tf.Scalar>(tf.sum(tf.mul(logProb, tf.tensor1d(weights))));
      }, parameters.tensors);
      return parameters.pull(grads);
    });
    disposeBatch(batch);
    const isFinite = Number.isFinite(gradientNorm) && Number.isFinite(nll);
    if (isFinite) {
      const scale = gradientNorm > clipNorm ? clipNorm / gradientNorm : 1;
      state.adam.step(parameters.values, parameters.gradient, scale, learningRate, weightDecay, parameters.decay);
      parameters.push();
    }
    state.countStep(nll, isFinite, { drawn: batchSize, kept });
    return gradientNorm;
  }

  async #handOut(state: TrainingState): Promise<void> {
    const { onCheckpoint } = this.#options;
    if (onCheckpoint === undefined) return;
    this.#identity ??= identityOf(this.#data, this.#options);
    const bytes = encodeCheckpoint({
      identity: this.#identity,
      flowAtStart: this.#flowAtStart,
      flow: JSON.stringify(this.#flow.config),
      snapshot: state.snapshot(),
      random: this.#random.state(),
      position: this.#source.position,
    });
    await onCheckpoint({ step: state.counters.step, bytes });
  }

  #cancelled(step: number): FlowError {
    const { steps, signal } = this.#options;
    return new FlowError('FLOWLINE_ABORTED', `training was cancelled after ${step} of ${steps} steps`, {
      where: 'fit',
      cause: signal?.reason,
    });
  }
}

/** Gives the event loop a turn if the last one is long ago. Resolves to the time of the latest. */
async function turnAfter(resumedAt: number): Promise<number> {
  if (performance.now() - resumedAt <= YIELD_MS) return resumedAt;
  await tf.nextFrame();
  return performance.now();
}
