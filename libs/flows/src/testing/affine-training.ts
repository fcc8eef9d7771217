import { setImmediate } from 'node:timers/promises';

import { at } from '../at.ts';
import type {
  BatchTarget,
  NextBatch,
  OptimizerState,
  StepResult,
  TrainingBackend,
  TrainingSession,
  TrainingTask,
} from '../index.ts';
import { ADAM, averagingShareAt, learningRateAt, Random, rowWeights, weightedNll } from '../index.ts';

/** Behaviour of {@link affineTraining} that results do not depend on. */
export interface AffineTrainingOptions {
  /** Batches that may wait for their steps. */
  readonly ahead?: number;
  /** True to drop the batches that wait when training is cancelled. */
  readonly drops?: boolean;
  /** Called after each step, with its number from 0. */
  readonly onStep?: (step: number) => void;
}

const LOG_SQRT_2_PI = 0.5 * Math.log(2 * Math.PI);

/**
 * Training in plain JavaScript of one flow, z = x·exp(s) + t with a standard normal z, by its
 * gradient in closed form. A row whose context is 0 is missing. Reads ahead of its steps, and draws
 * noise and masks from the seed and the number of the step.
 */
export function affineTraining(options: AffineTrainingOptions = {}): TrainingBackend {
  return { name: 'affine', open: (task) => Promise.resolve(new AffineSession(task, options)) };
}

class AffineSession implements TrainingSession {
  readonly #task: TrainingTask;
  readonly #behaviour: AffineTrainingOptions;
  readonly #weights: Float32Array;
  readonly #averaged: Float32Array;
  readonly #first: Float32Array;
  readonly #second: Float32Array;
  #count: number;

  constructor(task: TrainingTask, behaviour: AffineTrainingOptions) {
    const { flow, resume } = task;
    this.#task = task;
    this.#behaviour = behaviour;
    const initial = Float32Array.from([...flow.variables.values()].flatMap((parameter) => [...parameter.read()]));
    this.#weights = (resume?.weights ?? initial).slice();
    this.#averaged = (resume?.averaged ?? initial).slice();
    this.#first = resume?.adam.first.slice() ?? new Float32Array(2);
    this.#second = resume?.adam.second.slice() ?? new Float32Array(2);
    this.#count = resume?.adam.count ?? 0;
  }

  async steps(first: number, count: number, next: NextBatch): Promise<readonly StepResult[]> {
    const { ahead = 1, drops = false, onStep } = this.#behaviour;
    const { flow, options } = this.#task;
    const results: StepResult[] = [];
    const waiting: BatchTarget[] = [];
    let drawn = 0;
    const draw = async (): Promise<boolean> => {
      const { batchSize } = options;
      const rows = { x: new Float32Array(batchSize), context: new Float32Array(batchSize * flow.context) };
      if (!(await next(rows))) return false;
      drawn += 1;
      waiting.push(rows);
      return true;
    };
    let isOpen = true;
    while (results.length < count) {
      while (isOpen && waiting.length < ahead && drawn < count) isOpen = await draw();
      const rows = drops && options.signal?.aborted === true ? undefined : waiting.shift();
      if (rows === undefined) break;
      await setImmediate();
      const step = first + results.length;
      results.push(this.#step(step, rows));
      onStep?.(step);
    }
    return results;
  }

  validationLogProb(): Promise<Float32Array> {
    const { x, context = new Float32Array() } = this.#task.validation;
    return Promise.resolve(this.#logProb({ x, context }, this.#averaged));
  }

  state(): Promise<OptimizerState> {
    return Promise.resolve({
      weights: this.#weights.slice(),
      averaged: this.#averaged.slice(),
      adam: { first: this.#first.slice(), second: this.#second.slice(), count: this.#count },
    });
  }

  dispose(): Promise<void> {
    return Promise.resolve();
  }

  #logProb({ x, context }: BatchTarget, weights: Float32Array): Float32Array {
    const [scale, shift] = [at(weights, 0), at(weights, 1)];
    return x.map((value, i) => {
      if (context[i] === 0) return 0;
      return scale - LOG_SQRT_2_PI - 0.5 * (value * Math.exp(scale) + shift) ** 2;
    });
  }

  #step(step: number, rows: BatchTarget): StepResult {
    const { robust, clipNorm, averaging } = this.#task.options;
    this.#perturb(step, rows);
    const logP = this.#logProb(rows, this.#weights);
    const { weights, kept } = rowWeights(logP, robust);
    const nll = weightedNll(logP, weights);
    const gradient = this.#gradient(rows, weights);
    const gradientNorm = Math.hypot(...gradient);
    const isTaken = Number.isFinite(nll) && Number.isFinite(gradientNorm);
    if (isTaken) {
      this.#move(
        gradient.map((value) => value * Math.min(1, clipNorm / gradientNorm)),
        learningRateAt(step, this.#task.options),
      );
      const share = averaging === 0 ? 1 : averagingShareAt(step, averaging);
      this.#averaged.forEach((mean, i) => (this.#averaged[i] = mean + share * (at(this.#weights, i) - mean)));
    }
    return { nll, gradientNorm, kept, isTaken };
  }

  /** ∂/∂(s, t) of Σ −w log p. */
  #gradient({ x, context }: BatchTarget, rowWeight: Float32Array): number[] {
    const [scale, shift] = [at(this.#weights, 0), at(this.#weights, 1)];
    let [byScale, byShift] = [0, 0];
    for (const [i, weight] of rowWeight.entries()) {
      if (weight === 0 || context[i] === 0) continue;
      const scaled = at(x, i) * Math.exp(scale);
      byScale += weight * ((scaled + shift) * scaled - 1);
      byShift += weight * (scaled + shift);
    }
    return [byScale, byShift];
  }

  #move(gradient: readonly number[], learningRate: number): void {
    const { beta1, beta2, epsilon } = ADAM;
    this.#count += 1;
    for (const [i, g] of gradient.entries()) {
      this.#first[i] = beta1 * at(this.#first, i) + (1 - beta1) * g;
      this.#second[i] = beta2 * at(this.#second, i) + (1 - beta2) * g * g;
      const mean = at(this.#first, i) / (1 - beta1 ** this.#count);
      const square = at(this.#second, i) / (1 - beta2 ** this.#count);
      this.#weights[i] = at(this.#weights, i) - (learningRate * mean) / (Math.sqrt(square) + epsilon);
    }
  }

  #perturb(step: number, { x, context }: BatchTarget): void {
    const { seed, noise, masking } = this.#task.options;
    const random = new Random(seed).fork(`step ${step}`);
    const sigma = noise?.gaussian?.at(0) ?? 0;
    for (let i = 0; i < x.length; i++) x[i] = at(x, i) + sigma * random.normal();
    if (masking === undefined) return;
    for (let i = 0; i < x.length; i++) if (random.uniform() < masking.probability) context[i] = 0;
  }
}
