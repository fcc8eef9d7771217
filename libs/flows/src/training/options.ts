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

/** A training as it was after some step, from which {@link FitOptions.resume} goes on. */
export interface TrainingCheckpoint {
  readonly step: number;
  /** A safetensors file with a checksum: weights, moments of Adam, random states, best weights, curves. */
  readonly bytes: Uint8Array;
}

/** Noise that is added to each feature anew in every step, in the units of x; validation rows get noise once. */
export interface NoiseOptions {
  /** Standard deviation of Gaussian noise, per feature. */
  readonly gaussian?: Float32Array;
  /** Full width of uniform noise centred on 0, per feature. */
  readonly uniform?: Float32Array;
}

/** How to train a flow; defaults are those of density estimation. */
export interface FitOptions {
  /** Decides batches, noise and masking. */
  readonly seed: number;
  /** The largest number of steps; either this or `epochs`. */
  readonly steps?: number;
  /**
   * The largest number of epochs, for rows in memory: a training of epochs × rows / batchSize steps, rounded up. Rows of a stream
   * are counted by nobody; give `steps` there.
   */
  readonly epochs?: number;
  /**
   * Share of the training rows that is taken out for validation, between 0 and 1, where no validation rows are given; drawn by the
   * seed. At least one row stays on either side.
   */
  readonly validationSplit?: number;
  /** Rows a step (default 256). From memory they are drawn with replacement; of a stream, each comes once an epoch. */
  readonly batchSize?: number;
  /**
   * Rows of a stream held at a time (default 16,384): each row of a batch is drawn from them at random, and the next row of the stream
   * takes its place. With all rows of an epoch held, their order is uniformly random.
   */
  readonly shuffleRows?: number;
  /** The largest learning rate (default 1e-3). */
  readonly learningRate?: number;
  /** Decoupled weight decay of conditioner kernels, per unit of learning rate (default 0). */
  readonly weightDecay?: number;
  /** Steps over which the learning rate rises linearly (default 0). */
  readonly warmupSteps?: number;
  /** Where the cosine ends, as a share of learningRate (default 0). */
  readonly finalLearningRateFraction?: number;
  /**
   * β of an exponential moving average of the weights, w̄ ← β·w̄ + (1 − β)·w after each step t, with min(β, (1 + t) / (10 + t)) for β at
   * first (default 0: none). Validation sees w̄, and the best w̄ is what the flow ends up with (Polyak and Juditsky, 1992): where few
   * rows make it stop early, at a large learning rate, that is the better model.
   */
  readonly averaging?: number;
  /** The largest global gradient norm (default 5). */
  readonly clipNorm?: number;
  readonly noise?: NoiseOptions;
  /** Hides these features at random, each with this probability per row: x → 0 and its presence column → 0. */
  readonly masking?: { readonly features: readonly number[]; readonly probability: number };
  /**
   * Ignores outliers in unlabelled data (default false): a row of a batch does not count when its log p is below
   * median − 3·1.4826·(median − Q1) − 0.5 of the batch; validation log p is winsorised at the same threshold.
   */
  readonly robust?: boolean;
  /** Steps between validations (default 50). */
  readonly validateEvery?: number;
  /** Validations without improvement after which training stops (default 8). */
  readonly patience?: number;
  /** Called after every validation and at least every 50 steps. */
  readonly onProgress?: (progress: FitProgress) => void;
  /** `true`: a line on standard error that follows the training, on a terminal only (default false). A function: as `onProgress`. */
  readonly progress?: boolean | ((progress: FitProgress) => void);
  /**
   * Stops training: a last checkpoint is handed out, the promise rejects with FLOWLINE_ABORTED, and the flow keeps the best weights so
   * far.
   */
  readonly signal?: AbortSignal;
  /** Called with a checkpoint every `checkpointEvery` steps; training goes on when the promise it returns has settled. */
  readonly onCheckpoint?: (checkpoint: TrainingCheckpoint) => void | Promise<void>;
  /** Steps between checkpoints (default: validateEvery). */
  readonly checkpointEvery?: number;
  /**
   * The bytes of a checkpoint to go on from. With the same flow, data, options and backend as the training that wrote it, weights and
   * report end up as if it had never stopped, bit for bit; with others, FLOWLINE_MODEL_INCOMPATIBLE names the first that differs.
   */
  readonly resume?: Uint8Array;
}

/** How far training is. */
export interface FitProgress {
  readonly step: number;
  readonly steps: number;
  /** Mean negative log-likelihood of the rows that counted since the last report, in nats. */
  readonly trainNll: number;
  /** Of this step's validation; null where none took place. */
  readonly validationNll: number | null;
  readonly learningRate: number;
  /** Before clipping. */
  readonly gradientNorm: number;
  /** Steps left out so far because their gradient was not finite. */
  readonly skippedSteps: number;
}

/** What training did. The flow holds the weights of `bestStep`. */
export interface FitReport {
  readonly steps: number;
  readonly bestStep: number;
  readonly bestValidationNll: number;
  readonly skippedSteps: number;
  readonly stoppedEarly: boolean;
  readonly curves: readonly { readonly step: number; readonly trainNll: number; readonly validationNll: number }[];
  /** The share of training rows that robust training left out. */
  readonly trimmedShare: number;
}

/** The options that have no default. */
type Optional = 'noise' | 'masking' | 'onProgress' | 'signal' | 'onCheckpoint' | 'resume';
/** The options that others stand for once they are resolved. */
type Replaced = 'epochs' | 'validationSplit' | 'progress';

/** FitOptions with every default in place. */
export type ResolvedFitOptions = Required<Omit<FitOptions, Optional | Replaced>> & Pick<FitOptions, Optional>;

/** Throws FLOWLINE_USAGE for a wrong option of {@link fit}: an unknown name, a missing seed, a value out of range. */
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

/** Fills in defaults and checks options against flow and rows. Throws FLOWLINE_USAGE or FLOWLINE_FEATURES_INVALID. */
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

/** Steps of so many epochs over rows in memory. */
function stepsOf(epochs: number, train: PreparedData['train'], batchSize: number): number {
  if (typeof train !== 'function') return Math.ceil((epochs * train.size) / batchSize);
  throw new FlowError('FLOWLINE_USAGE', 'found epochs for a stream, whose rows are not counted, expected steps', {
    where: 'fit.epochs',
    remedy: 'Give steps: epochs × rows / batchSize.',
  });
}

/** The options that are given: without those that are undefined. */
function defined<T extends object>(options: T): T;
function defined(options: object): object {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
