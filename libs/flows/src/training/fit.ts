import * as tf from '@tensorflow/tfjs-core';

import { FlowError } from '../flow-error.ts';
import type { Flow } from '../flow.ts';
import { Random } from '../random.ts';
import { Adam } from './adam.ts';
import type { Batch } from './batch.ts';
import { BatchMaker } from './batch.ts';
import { FlatParameters } from './flat-parameters.ts';
import type { FitOptions, FitProgress, FitReport, ResolvedFitOptions, Rows } from './options.ts';
import { resolveFitOptions } from './options.ts';
import { meanNll, rowWeights, winsorisedNll } from './robust.ts';
import { learningRateAt } from './schedule.ts';

/** Improvements below this, in nats, do not count: they would postpone early stopping for ever. */
const LEAST_IMPROVEMENT_NATS = 1e-4;
/** Rows of validation scored at once: wide enough for the kernels, small enough for memory. */
const VALIDATION_CHUNK = 1024;
/** Rows of the first batch for data-dependent initialisation. */
const INITIALIZATION_ROWS = 2048;
const PROGRESS_STEPS = 50;
/** The event loop gets its turn this often. */
const YIELD_MS = 40;

/**
 * Trains a flow by minimising −mean log p with AdamW: warm-up, then cosine; early stopping on validation; the best weights are kept.
 * The same seed, data and backend give the same weights, bit for bit. A step whose gradient is not finite is skipped and counted.
 *
 * Throws FLOWLINE_FEATURES_INVALID for data of a wrong shape or with values that are not finite, FLOWLINE_USAGE for an option,
 * FLOWLINE_TRAINING_FAILED when no validation was finite, FLOWLINE_ABORTED when the signal said so.
 *
 * ```ts
 * const report = await fit(flow, { train: { x, size }, validation }, { seed: 1, steps: 1000 });
 * ```
 */
export async function fit(
  flow: Flow,
  data: { readonly train: Rows; readonly validation: Rows },
  options: FitOptions,
): Promise<FitReport> {
  const training = new Training(flow, data, resolveFitOptions(flow, data, options));
  return training.run();
}

/** One training: initialised → steps, each with a validation now and then → the best weights put back. */
class Training {
  readonly #flow: Flow;
  readonly #train: Rows;
  readonly #options: ResolvedFitOptions;
  readonly #batches: BatchMaker;
  readonly #validation: readonly Batch[];
  readonly #curves: { step: number; trainNll: number; validationNll: number }[] = [];
  #skipped = 0;
  #drawn = 0;
  #kept = 0;

  constructor(flow: Flow, data: { readonly train: Rows; readonly validation: Rows }, options: ResolvedFitOptions) {
    this.#flow = flow;
    this.#train = data.train;
    this.#options = options;
    const random = new Random(options.seed);
    const largest = Math.max(options.batchSize, INITIALIZATION_ROWS);
    this.#batches = new BatchMaker(flow, largest, options, random.fork('batches'));
    const fixed = new BatchMaker(flow, VALIDATION_CHUNK, options, random.fork('validation'));
    this.#validation = chunks(data.validation.size, VALIDATION_CHUNK).map(([from, to]) =>
      fixed.take(data.validation, from, to),
    );
  }

  async run(): Promise<FitReport> {
    try {
      return await this.#run();
    } finally {
      this.#validation.forEach(disposeBatch);
    }
  }

  async #run(): Promise<FitReport> {
    const { steps, signal, onProgress, validateEvery, patience } = this.#options;
    this.#initialize();
    const parameters = new FlatParameters(this.#flow.variables);
    const adam = new Adam(parameters.values.length);
    let best = { step: 0, nll: Infinity, values: parameters.values.slice() };
    const recent = new RunningMean();
    let sinceBest = 0;
    let step = 0;
    let resumedAt = performance.now();
    while (step < steps && sinceBest < patience) {
      if (signal?.aborted === true) {
        parameters.push(best.values);
        throw new FlowError('FLOWLINE_ABORTED', `training was cancelled after ${step} of ${steps} steps`, {
          where: 'fit',
          cause: signal.reason,
        });
      }
      const learningRate = learningRateAt(step, this.#options);
      const { nll, gradientNorm } = this.#step(parameters, adam, learningRate);
      step += 1;
      if (Number.isFinite(nll)) recent.add(nll);
      const validates = step % validateEvery === 0 || step === steps;
      const validationNll = validates ? this.#validate() : null;
      const trainNll = recent.value;
      if (validationNll !== null) {
        this.#curves.push({ step, trainNll, validationNll });
        sinceBest += 1;
        if (validationNll < best.nll - LEAST_IMPROVEMENT_NATS) {
          best = { step, nll: validationNll, values: parameters.values.slice() };
          sinceBest = 0;
        }
      }
      if (onProgress !== undefined && (validates || step % PROGRESS_STEPS === 0)) {
        onProgress(this.#progress({ step, trainNll, validationNll, learningRate, gradientNorm }));
      }
      if (validates) recent.reset();
      if (performance.now() - resumedAt > YIELD_MS) {
        await tf.nextFrame();
        resumedAt = performance.now();
      }
    }
    parameters.push(best.values);
    if (best.step === 0) {
      throw new FlowError('FLOWLINE_TRAINING_FAILED', `no validation was finite in ${step} steps`, {
        where: 'fit',
        remedy: 'Scale the data, lower the learning rate, or bound the scales.',
      });
    }
    return {
      steps: step,
      bestStep: best.step,
      bestValidationNll: best.nll,
      skippedSteps: this.#skipped,
      stoppedEarly: step < steps,
      curves: this.#curves,
      trimmedShare: this.#drawn === 0 ? 0 : 1 - this.#kept / this.#drawn,
    };
  }

  /** One optimizer step on a fresh batch. */
  #step(parameters: FlatParameters, adam: Adam, learningRate: number): { nll: number; gradientNorm: number } {
    const { batchSize, robust, clipNorm, weightDecay } = this.#options;
    const batch = this.#batches.draw(this.#train, batchSize);
    let nll = Number.NaN;
    const gradientNorm = tf.tidy(() => {
      const { grads } = tf.variableGrads(() => {
        const logProb = this.#flow.uncheckedLogProb(batch.x, batch.context);
        const values = Float32Array.from(logProb.dataSync());
        const { weights, kept } = rowWeights(values, robust);
        nll = -values.reduce((sum, value, i) => (weights[i] === 0 ? sum : sum + value * (weights[i] ?? 0)), 0);
        this.#drawn += batchSize;
        this.#kept += kept;
        return tf.neg<tf.Scalar>(tf.sum(tf.mul(logProb, tf.tensor1d(weights))));
      }, parameters.tensors);
      return parameters.pull(grads);
    });
    disposeBatch(batch);
    if (Number.isFinite(gradientNorm) && Number.isFinite(nll)) {
      const scale = gradientNorm > clipNorm ? clipNorm / gradientNorm : 1;
      adam.step(parameters.values, parameters.gradient, scale, learningRate, weightDecay, parameters.decay);
      parameters.push();
    } else {
      this.#skipped += 1;
    }
    return { nll, gradientNorm };
  }

  /** The validation NLL on rows whose noise never changes. */
  #validate(): number {
    const parts = this.#validation.map((batch) =>
      tf.tidy(() => this.#flow.uncheckedLogProb(batch.x, batch.context).dataSync()),
    );
    const logP = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      logP.set(part, at);
      at += part.length;
    }
    return this.#options.robust ? winsorisedNll(logP) : meanNll(logP);
  }

  #initialize(): void {
    if (this.#flow.bijector.initialize === undefined) return;
    const batch = this.#batches.draw(this.#train, INITIALIZATION_ROWS);
    this.#flow.initialize(batch.x, batch.context);
    disposeBatch(batch);
  }

  #progress(now: Omit<FitProgress, 'steps' | 'skippedSteps'>): FitProgress {
    return { ...now, steps: this.#options.steps, skippedSteps: this.#skipped };
  }
}

/** The mean since the last reset; NaN before the first value. */
class RunningMean {
  #sum = 0;
  #count = 0;

  add(value: number): void {
    this.#sum += value;
    this.#count += 1;
  }

  get value(): number {
    return this.#sum / this.#count;
  }

  reset(): void {
    this.#sum = 0;
    this.#count = 0;
  }
}

function disposeBatch({ x, context }: Batch): void {
  x.dispose();
  context?.dispose();
}

function chunks(size: number, length: number): [from: number, to: number][] {
  return Array.from({ length: Math.ceil(size / length) }, (_, i) => [i * length, Math.min(size, (i + 1) * length)]);
}
