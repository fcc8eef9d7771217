import * as tf from '@tensorflow/tfjs-core';

import type { Flow } from '../flow.ts';
import { Adam } from './adam.ts';
import { FlatParameters } from './flat-parameters.ts';
import { Perturbation } from './perturbation.ts';
import { rowWeights, weightedNll } from './robust.ts';
import { learningRateAt } from './schedule.ts';
import type { TensorBatch } from './tensor-batch.ts';
import { batchArrays, disposeBatch, tensorPieces, tensorsOf } from './tensor-batch.ts';
import type {
  BatchTarget,
  NextBatch,
  OptimizerState,
  StepOptions,
  StepResult,
  TrainingBackend,
  TrainingSession,
  TrainingTask,
} from './training-backend.ts';
import { averageInto, averagingShareAt } from './weight-average.ts';

/** Milliseconds between turns of the event loop. */
const YIELD_MS = 40;

/** Training with gradients by TensorFlow.js, on its current backend, for flows of every kind. */
export const tensorTraining: TrainingBackend = {
  name: 'tensorflow',
  open: async (task) => {
    await warmUp(task.flow);
    return new TensorSession(task);
  },
};

/**
 * Session whose weights are those of the flow between two calls. Noise and masks are drawn from the
 * generator of the batches.
 */
class TensorSession implements TrainingSession {
  readonly #flow: Flow;
  readonly #options: StepOptions;
  readonly #perturbation: Perturbation;
  readonly #rows: BatchTarget;
  readonly #validation: readonly TensorBatch[];
  readonly #parameters: FlatParameters;
  readonly #averaged: Float32Array;
  readonly #adam: Adam;
  #resumedAt = performance.now();

  constructor({ flow, options, validation, random, resume }: TrainingTask) {
    this.#flow = flow;
    this.#options = options;
    this.#perturbation = new Perturbation(flow, options, random);
    this.#rows = batchArrays(flow, options.batchSize);
    this.#parameters = new FlatParameters(flow.variables);
    const { values } = this.#parameters;
    if (resume !== undefined) values.set(resume.weights);
    this.#averaged = options.averaging === 0 ? values : (resume?.averaged ?? values).slice();
    this.#adam = new Adam(values.length, resume?.adam);
    this.#parameters.push();
    this.#validation = tensorPieces(flow, validation);
  }

  async steps(first: number, count: number, next: NextBatch): Promise<readonly StepResult[]> {
    const results: StepResult[] = [];
    await this.#giveTurn();
    while (results.length < count && (await next(this.#rows))) {
      this.#perturbation.apply(this.#rows);
      results.push(this.#step(first + results.length, tensorsOf(this.#flow, this.#rows)));
      await this.#giveTurn();
    }
    return results;
  }

  async validationLogProb(): Promise<Float32Array> {
    const isAveraging = this.#averaged !== this.#parameters.values;
    if (isAveraging) this.#parameters.push(this.#averaged);
    const logP = new Float32Array(this.#validation.reduce((sum, { x }) => sum + x.shape[0], 0));
    let at = 0;
    for (const { x, context } of this.#validation) {
      if (at > 0) await tf.nextFrame();
      logP.set(
        tf.tidy(() => this.#flow.uncheckedLogProb(x, context).dataSync()),
        at,
      );
      at += x.shape[0];
    }
    if (isAveraging) this.#parameters.push();
    return logP;
  }

  state(): Promise<OptimizerState> {
    const { first, second, count } = this.#adam;
    return Promise.resolve({
      weights: this.#parameters.values.slice(),
      averaged: this.#averaged.slice(),
      adam: { first: first.slice(), second: second.slice(), count },
    });
  }

  dispose(): Promise<void> {
    this.#validation.forEach(disposeBatch);
    return Promise.resolve();
  }

  /** Takes one step on a batch, and disposes of the batch. */
  #step(step: number, batch: TensorBatch): StepResult {
    const { robust, clipNorm, weightDecay, averaging } = this.#options;
    const parameters = this.#parameters;
    let nll = Number.NaN;
    let kept = 0;
    const gradientNorm = tf.tidy(() => {
      const { grads } = tf.variableGrads(() => {
        const logProb = this.#flow.uncheckedLogProb(batch.x, batch.context);
        const values = Float32Array.from(logProb.dataSync());
        const counted = rowWeights(values, robust);
        kept = counted.kept;
        nll = weightedNll(values, counted.weights);
        return tf.neg<tf.Scalar>(tf.sum(tf.mul(logProb, tf.tensor1d(counted.weights))));
      }, parameters.tensors);
      return parameters.pull(grads);
    });
    disposeBatch(batch);
    const isTaken = Number.isFinite(gradientNorm) && Number.isFinite(nll);
    if (isTaken) {
      const scale = gradientNorm > clipNorm ? clipNorm / gradientNorm : 1;
      const learningRate = learningRateAt(step, this.#options);
      this.#adam.step(parameters.values, parameters.gradient, scale, learningRate, weightDecay, parameters.decay);
      parameters.push();
      if (averaging > 0) averageInto(this.#averaged, parameters.values, averagingShareAt(step, averaging));
    }
    return { nll, gradientNorm, kept, isTaken };
  }

  /** Gives the event loop a turn if the last one is long ago. */
  async #giveTurn(): Promise<void> {
    if (performance.now() - this.#resumedAt <= YIELD_MS) return;
    await tf.nextFrame();
    this.#resumedAt = performance.now();
  }
}

/**
 * Computes a density and its gradient once each, with turns of the event loop in between: the first
 * use of every operation is far slower than any later one.
 */
async function warmUp(flow: Flow): Promise<void> {
  const density = (): tf.Scalar => {
    const conditions = flow.context === 0 ? undefined : tf.zeros<tf.Rank.R2>([1, flow.context]);
    return tf.sum(flow.uncheckedLogProb(tf.zeros([1, flow.features]), conditions));
  };
  await tf.nextFrame();
  tf.dispose(tf.tidy(density));
  await tf.nextFrame();
  tf.dispose(tf.tidy(() => tf.variableGrads(density)));
  await tf.nextFrame();
}
