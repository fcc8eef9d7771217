import type { Flow } from '../flow.ts';
import type { Random } from '../random.ts';
import type { Rows } from '../rows.ts';
import type { AdamState } from './adam.ts';
import type { FitOptions } from './options.ts';

/**
 * Optimizer of a training: computes gradients and moves the weights. {@link fit} computes them with
 * TensorFlow.js; {@link fitWith} takes another implementation.
 */
export interface TrainingBackend {
  /** Name in error messages. */
  readonly name: string;
  /** Opens a session, which takes the steps of one training run. */
  open(task: TrainingTask): Promise<TrainingSession>;
}

/** Training run that a session takes the steps of. */
export interface TrainingTask {
  /**
   * Flow with its initial weights, after data-dependent initialisation. A session need not change
   * it: it gets the best weights in the end.
   */
  readonly flow: Flow;
  readonly options: StepOptions;
  /** Rows of every validation, with their noise and masks. They stay as they are. */
  readonly validation: Rows;
  /**
   * Generator that draws the rows of batches, and is stored in checkpoints. A session may draw the
   * noise and masks of a batch from it, after the rows of the batch and before those of the next;
   * or derive them from `options.seed` and the number of the step, and leave it alone.
   */
  readonly random: Random;
  /** State to continue from. Undefined at the start of a training. */
  readonly resume: OptimizerState | undefined;
}

/** Options of {@link FitOptions} that determine a step, with every default filled in. */
export type StepOptions = Required<
  Pick<
    FitOptions,
    | 'seed'
    | 'steps'
    | 'batchSize'
    | 'learningRate'
    | 'weightDecay'
    | 'warmupSteps'
    | 'finalLearningRateFraction'
    | 'averaging'
    | 'clipNorm'
    | 'robust'
  >
> &
  Pick<FitOptions, 'noise' | 'masking' | 'signal'>;

/**
 * Weights in training and their optimizer. Vectors are flat, in the order of `flow.variables`, each
 * parameter row-major.
 */
export interface OptimizerState {
  readonly weights: Float32Array;
  /** Moving average of the weights; without averaging, the weights themselves. */
  readonly averaged: Float32Array;
  readonly adam: AdamState;
}

/** Places for the rows of a batch, which may be views of shared memory. */
export interface BatchTarget {
  /** [batchSize × features]. */
  readonly x: Float32Array;
  /** [batchSize × context]; empty for a flow without a context. */
  readonly context: Float32Array;
}

/**
 * Puts the rows of the next batch, without noise and masks, into the target. Resolves to false, and
 * the batch is void, if the training was cancelled. One call at a time.
 */
export type NextBatch = (target: BatchTarget) => Promise<boolean>;

/** Result of one step. */
export interface StepResult {
  /** Loss: Σ −w log p over the rows of the batch, in nats. */
  readonly nll: number;
  /** Global norm of the gradient before clipping. */
  readonly gradientNorm: number;
  /** Number of rows with weight in the loss. */
  readonly kept: number;
  /** False if the step was skipped because the loss or the gradient is not finite. */
  readonly isTaken: boolean;
}

/**
 * Optimizer of one training run. Calls come one after another, never two at once.
 *
 * A step: rows of a batch → noise and masks → log p → weights w of the rows ({@link rowWeights}) →
 * gradient of Σ −w log p → clipped to `clipNorm` → AdamW ({@link ADAM}) at the rate of
 * {@link learningRateAt}, with weight decay for parameters whose `decay` is true → moving average
 * ({@link averagingShareAt}). A step that is skipped changes none of them.
 */
export interface TrainingSession {
  /**
   * Takes steps `first` … `first + count − 1`, counted from 0, each on a batch of its own, and
   * resolves to their results in order. It may ask for batches ahead of the steps, `count` in all.
   * If `next` resolves to false or the signal aborts, it resolves to the results of the steps done
   * by then, and its state is that after them. If `next` rejects, it rejects with the same error.
   */
  steps(first: number, count: number, next: NextBatch): Promise<readonly StepResult[]>;
  /** log p of the validation rows under the averaged weights, in nats. */
  validationLogProb(): Promise<Float32Array>;
  /** Copy of the state after the steps done. */
  state(): Promise<OptimizerState>;
  /** Frees memory and threads. The session cannot be used afterwards. */
  dispose(): Promise<void>;
}
