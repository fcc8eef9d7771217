import { FlowError } from '../flow-error.ts';
import type { Flow } from '../flow.ts';
import { assertRows } from '../validation.ts';

/** Rows in memory, row-major. */
export interface Rows {
  /** [size × features]. */
  readonly x: Float32Array;
  /** [size × context], for a flow that has one. */
  readonly context?: Float32Array;
  readonly size: number;
}

/**
 * Rows that need not fit in memory: opens one pass over them, an epoch, in chunks of any size. It is called again for the next epoch,
 * with its number, counted from 0. A chunk is read before the next is asked for, so its arrays may be used again. Resuming relies on
 * an epoch giving the same rows in the same order whenever it is opened; how they are cut into chunks does not matter.
 */
export type RowStream = (epoch: number) => AsyncIterable<Rows>;

/** What a flow is trained on: training rows in memory or streamed, and validation rows. */
export interface FitData {
  readonly train: Rows | RowStream;
  readonly validation: Rows;
}

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
  /** The largest number of steps. */
  readonly steps: number;
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

/** FitOptions with every default in place. */
export type ResolvedFitOptions = Required<Omit<FitOptions, Optional>> & Pick<FitOptions, Optional>;

/** Fills in defaults and checks options and data once. Throws FLOWLINE_USAGE or FLOWLINE_FEATURES_INVALID. */
export function resolveFitOptions(flow: Flow, data: FitData, options: FitOptions): ResolvedFitOptions {
  const { validateEvery = 50 } = options;
  const resolved = {
    batchSize: 256,
    shuffleRows: 16_384,
    learningRate: 1e-3,
    weightDecay: 0,
    warmupSteps: 0,
    finalLearningRateFraction: 0,
    averaging: 0,
    clipNorm: 5,
    robust: false,
    validateEvery,
    patience: 8,
    checkpointEvery: validateEvery,
    ...options,
  };
  for (const name of ['steps', 'batchSize', 'shuffleRows', 'validateEvery', 'patience', 'checkpointEvery'] as const) {
    const value = resolved[name];
    require(Number.isInteger(value) && value >= 1, name, value, 'a whole number of at least 1');
  }
  for (const name of ['learningRate', 'clipNorm'] as const) {
    require(resolved[name] > 0 && Number.isFinite(resolved[name]), name, resolved[name], 'a number above 0');
  }
  for (const name of ['weightDecay', 'warmupSteps', 'finalLearningRateFraction'] as const) {
    require(resolved[name] >= 0 && Number.isFinite(resolved[name]), name, resolved[name], 'a number of at least 0');
  }
  const { averaging } = resolved;
  require(averaging >= 0 && averaging < 1, 'averaging', averaging, 'a number from 0 to below 1');
  // A stream is checked chunk by chunk, as it comes.
  if (typeof data.train !== 'function') checkRows(flow, data.train, 'train');
  checkRows(flow, data.validation, 'validation');
  for (const kind of ['gaussian', 'uniform'] as const) {
    const noise = resolved.noise?.[kind];
    if (noise !== undefined) assertRows(noise, 1, flow.features, `noise.${kind}`);
  }
  for (const feature of resolved.masking?.features ?? []) {
    const column = flow.presence[feature];
    require(typeof column === 'number', 'masking.features', feature, 'features with a presence column');
  }
  return resolved;
}

function checkRows(flow: Flow, rows: Rows, where: string): void {
  require(rows.size >= 1, `${where}.size`, rows.size, 'at least one row');
  assertRowsOf(flow, rows, where);
}

/** Throws FLOWLINE_FEATURES_INVALID unless rows are as wide as the flow and finite, FLOWLINE_USAGE for a size that is no count. */
export function assertRowsOf(flow: Pick<Flow, 'features' | 'context'>, rows: Rows, where: string): void {
  require(Number.isInteger(rows.size) && rows.size >= 0, `${where}.size`, rows.size, 'a whole number');
  assertRows(rows.x, rows.size, flow.features, `${where}.x`);
  if (flow.context > 0 || rows.context !== undefined) {
    assertRows(rows.context ?? new Float32Array(), rows.size, flow.context, `${where}.context`);
  }
}

function require(holds: boolean, where: string, found: number, expected: string): void {
  if (!holds) throw new FlowError('FLOWLINE_USAGE', `found ${found}, expected ${expected}`, { where });
}
