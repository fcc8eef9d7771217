import { FlowError } from '../flow-error.ts';
import type { Flow } from '../flow.ts';
import { checkOptions, checkValue } from '../options/check-options.ts';
import {
  above0,
  atLeast0,
  below1,
  boolean,
  callback,
  either,
  finiteNumber,
  listOf,
  object,
  probability,
  required,
  share,
  whole,
} from '../options/rules.ts';
import { assertRows } from '../validation.ts';
import type { PreparedData } from './fit-data.ts';

/** State of a training run after a step, from which {@link FitOptions.resume} continues. */
export interface TrainingCheckpoint {
  readonly step: number;
  /**
   * A safetensors file with a checksum: weights, Adam moments, random states, best weights, curves.
   */
  readonly bytes: Uint8Array;
}

/**
 * Noise added to each feature, drawn anew in every step, in the units of x. Validation rows get
 * noise once.
 */
export interface NoiseOptions {
  /** Standard deviation of Gaussian noise, per feature. */
  readonly gaussian?: Float32Array;
  /** Full width of uniform noise centred on 0, per feature. */
  readonly uniform?: Float32Array;
}

/** Options of {@link fit}; the defaults suit density estimation. */
export interface FitOptions {
  /** Determines batches, noise and masking. */
  readonly seed: number;
  /** Maximum number of steps; give either this or `epochs`. */
  readonly steps?: number;
  /**
   * Maximum number of epochs, for rows in memory: training takes epochs × rows / batchSize steps,
   * rounded up. The length of a stream is unknown; give `steps` for it.
   */
  readonly epochs?: number;
  /**
   * Share of the training rows to hold out for validation, between 0 and 1, drawn by the seed; used
   * when no validation rows are given. Each side keeps at least one row.
   */
  readonly validationSplit?: number;
  /**
   * Rows per step (default 256). Rows in memory are drawn with replacement; each row of a stream
   * comes once per epoch.
   */
  readonly batchSize?: number;
  /**
   * Number of rows of a stream in the shuffle buffer (default 16,384): each row of a batch is drawn
   * from it at random, and the next row of the stream takes its place. When the buffer holds a
   * whole epoch, the order is uniformly random.
   */
  readonly shuffleRows?: number;
  /** Peak learning rate (default 1e-3). */
  readonly learningRate?: number;
  /** Decoupled weight decay of conditioner kernels, per unit of learning rate (default 0). */
  readonly weightDecay?: number;
  /** Number of steps over which the learning rate rises linearly (default 0). */
  readonly warmupSteps?: number;
  /** Final value of the cosine decay, as a share of learningRate (default 0). */
  readonly finalLearningRateFraction?: number;
  /**
   * β of an exponential moving average of the weights (Polyak and Juditsky, 1992):
   * w̄ ← β·w̄ + (1 − β)·w after each step t, where early steps use min(β, (1 + t) / (10 + t)) for
   * β. Default 0: no averaging. Validation evaluates w̄, and the flow ends with the best w̄. That
   * model is better when few rows make training stop early at a large learning rate.
   */
  readonly averaging?: number;
  /** Maximum global gradient norm (default 5). */
  readonly clipNorm?: number;
  readonly noise?: NoiseOptions;
  /**
   * Hides these features at random, each with this probability per row: x → 0 and its presence
   * column → 0.
   */
  readonly masking?: { readonly features: readonly number[]; readonly probability: number };
  /**
   * Ignores outliers in unlabelled data (default false). A row has no weight if its log p is below
   * median − 3·1.4826·(median − Q1) − 0.5 of its batch; validation log p is winsorised at the same
   * threshold.
   */
  readonly robust?: boolean;
  /** Steps between validations (default 50). */
  readonly validateEvery?: number;
  /** Number of validations without improvement after which training stops (default 8). */
  readonly patience?: number;
  /** Called after every validation and at least every 50 steps. */
  readonly onProgress?: (progress: FitProgress) => void;
  /**
   * `true`: shows a progress line on standard error, on a terminal only (default false). A
   * function: called like `onProgress`.
   */
  readonly progress?: boolean | ((progress: FitProgress) => void);
  /**
   * Stops training: `onCheckpoint` gets a last checkpoint, the promise rejects with
   * FLOWLINE_ABORTED, and the flow keeps the best weights so far.
   */
  readonly signal?: AbortSignal;
  /**
   * Called with a checkpoint every `checkpointEvery` steps. Training continues once the returned
   * promise settles.
   */
  readonly onCheckpoint?: (checkpoint: TrainingCheckpoint) => void | Promise<void>;
  /** Steps between checkpoints (default: validateEvery). */
  readonly checkpointEvery?: number;
  /**
   * Bytes of the checkpoint to continue from. With the same flow, data, options and backend as the
   * training that wrote it, weights and report are bit for bit those of an uninterrupted run.
   * Otherwise FLOWLINE_MODEL_INCOMPATIBLE names the first difference; a training backend of
   * {@link fitWith} may differ.
   */
  readonly resume?: Uint8Array;
}

/** Progress of a training run. */
export interface FitProgress {
  readonly step: number;
  readonly steps: number;
  /**
   * Mean training loss since the last validation, in nats: negative log-likelihood of the rows that
   * are not ignored as outliers.
   */
  readonly trainNll: number;
  /** Negative log-likelihood of this step's validation, in nats. Null if there was none. */
  readonly validationNll: number | null;
  readonly learningRate: number;
  /** Global norm before clipping. */
  readonly gradientNorm: number;
  /** Steps skipped so far because their gradient was not finite. */
  readonly skippedSteps: number;
}

/** Result of a training run. The flow holds the weights of `bestStep`. */
export interface FitReport {
  readonly steps: number;
  readonly bestStep: number;
  readonly bestValidationNll: number;
  readonly skippedSteps: number;
  readonly stoppedEarly: boolean;
  readonly curves: readonly { readonly step: number; readonly trainNll: number; readonly validationNll: number }[];
  /** Share of training rows that robust training ignored. */
  readonly trimmedShare: number;
}

/** Options without a default. */
type Optional = 'noise' | 'masking' | 'onProgress' | 'signal' | 'onCheckpoint' | 'resume';
/** Options that are resolved into others. */
type Replaced = 'epochs' | 'validationSplit' | 'progress';

/** {@link FitOptions} with every default filled in. */
export type ResolvedFitOptions = Required<Omit<FitOptions, Optional | Replaced>> & Pick<FitOptions, Optional>;

/**
 * Throws FLOWLINE_USAGE for an invalid option of {@link fit}: an unknown name, a missing seed, a
 * value out of range.
 */
export function checkFitOptions(options: FitOptions): void {
  checkOptions<FitOptions>('fit', options, {
    seed: required(finiteNumber),
    steps: whole(1),
    epochs: above0,
    validationSplit: share,
    batchSize: whole(1),
    shuffleRows: whole(1),
    learningRate: above0,
    weightDecay: atLeast0,
    warmupSteps: atLeast0,
    finalLearningRateFraction: atLeast0,
    averaging: below1,
    clipNorm: above0,
    noise: object,
    masking: object,
    robust: boolean,
    validateEvery: whole(1),
    patience: whole(1),
    onProgress: callback,
    progress: either(boolean, callback),
    signal: { expected: 'an AbortSignal', holds: (value) => object.holds(value) && 'aborted' in Object(value) },
    onCheckpoint: callback,
    checkpointEvery: whole(1),
    resume: { expected: 'the bytes of a checkpoint, a Uint8Array', holds: (value) => ArrayBuffer.isView(value) },
  });
  const { steps, epochs, masking } = options;
  if ((steps === undefined) === (epochs === undefined)) {
    const found = steps === undefined ? 'neither steps nor epochs' : 'steps and epochs';
    throw new FlowError('FLOWLINE_USAGE', `fit: found ${found}, expected one of them`, {
      where: 'fit.steps',
      remedy: 'Say how long to train: { steps: 3000 } or { epochs: 20 }.',
    });
  }
  if (masking === undefined) return;
  checkOptions('fit.masking', masking, {
    features: required(listOf('features', whole(0))),
    probability: required(probability),
  });
}

/**
 * Fills in defaults and checks options against the flow and the rows. Throws FLOWLINE_USAGE or
 * FLOWLINE_FEATURES_INVALID.
 */
export function resolveFitOptions(
  flow: Flow,
  { train }: Pick<PreparedData, 'train'>,
  options: FitOptions,
): ResolvedFitOptions {
  const { epochs, validationSplit: _, progress: __, ...given } = defined(options);
  const { validateEvery = 50, batchSize = 256 } = given;
  for (const kind of ['gaussian', 'uniform'] as const) {
    const noise = given.noise?.[kind];
    if (noise !== undefined) assertRows(noise, 1, flow.features, `noise.${kind}`);
  }
  for (const feature of given.masking?.features ?? []) {
    const hasPresence = { expected: 'a feature with a presence column', holds: () => flow.presence[feature] != null };
    checkValue('fit.masking.features', feature, hasPresence);
  }
  return {
    shuffleRows: 16_384,
    learningRate: 1e-3,
    weightDecay: 0,
    warmupSteps: 0,
    finalLearningRateFraction: 0,
    averaging: 0,
    clipNorm: 5,
    robust: false,
    patience: 8,
    checkpointEvery: validateEvery,
    ...given,
    validateEvery,
    batchSize,
    steps: given.steps ?? stepsOf(epochs ?? 1, train, batchSize),
  };
}

/** Number of steps in the given epochs over rows in memory. */
function stepsOf(epochs: number, train: PreparedData['train'], batchSize: number): number {
  if (typeof train !== 'function') return Math.ceil((epochs * train.size) / batchSize);
  throw new FlowError('FLOWLINE_USAGE', 'found epochs for a stream, whose rows are not counted, expected steps', {
    where: 'fit.epochs',
    remedy: 'Give steps: epochs × rows / batchSize.',
  });
}

/** Options without those that are undefined. */
function defined<T extends object>(options: T): T;
function defined(options: object): object {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
