import type { EncodedBatch, FeatureEncoding } from '@flowline/features';
import {
  fit,
  type FitOptions,
  type FitProgress,
  type FitReport,
  type Flow,
  FlowError,
  realNVP,
  type Rows,
  type TrainingCheckpoint,
} from '@flowline/flows';
import { isRobust, recipe, type TrainingData } from './recipe.ts';

/** Report on the training of one member. */
export interface MemberReport {
  /** Number of steps done. */
  readonly steps: number;
  /** Step whose weights were kept. */
  readonly bestStep: number;
  /** Mean −log p of the validation rows with fixed noise, in nats of the encoded space. */
  readonly bestValidationNll: number;
  readonly stoppedBy: 'patience' | 'steps' | 'time';
  readonly skippedSteps: number;
  /** Share of the training rows that the robust loss left out; null if the time ran out. */
  readonly trimmedShare: number | null;
  readonly curves: readonly { readonly step: number; readonly trainNll: number; readonly validationNll: number }[];
}

/** Encoded rows, without what a training does not need. */
type EncodedRows = Pick<EncodedBatch, 'size' | 'rows'>;

/**
 * Rows that a member is trained on. Training rows are encoded when they are drawn: a training draws
 * far fewer than a history may have.
 */
export interface MemberRows {
  readonly train: { readonly size: number; readonly rowsAt: (indices: Int32Array) => EncodedRows };
  readonly validation: EncodedRows;
}

/** Options for the training of one member. */
export interface TrainFlowOptions {
  readonly seed: number;
  readonly data: TrainingData;
  /** Maximum number of steps. */
  readonly steps: number;
  /**
   * Time limit in milliseconds. Training stops at the first validation after it, and keeps its best
   * weights.
   */
  readonly maxMs: number;
  readonly onProgress: (progress: FitProgress) => void;
  readonly signal?: AbortSignal | undefined;
  readonly checkpoints?: FlowCheckpoints;
}

/** Checkpoint that a training goes on from, and those that a later one may go on from. */
export interface FlowCheckpoints {
  /** Null to begin anew. */
  readonly resume: Uint8Array | null;
  readonly keep: (bytes: Uint8Array) => void;
  /** Called with the reason if `resume` is not of this training, which then begins anew. */
  readonly onRejected: (error: unknown) => void;
}

/**
 * Trains one flow on encoded rows by the recipe. The caller disposes it.
 * @throws FlowError FLOWLINE_ABORTED if `signal` aborts, FLOWLINE_TRAINING_FAILED if no validation
 * was finite.
 */
export async function trainFlow(
  encoding: FeatureEncoding,
  data: MemberRows,
  { seed, data: kind, steps, maxMs, onProgress, signal, checkpoints }: TrainFlowOptions,
): Promise<{ readonly flow: Flow; readonly report: MemberReport }> {
  const flow = realNVP({
    ...recipe.flow,
    features: encoding.dimensions,
    context: encoding.contextWidth,
    presence: encoding.presence,
    seed,
  });
  const seen: FitProgress[] = [];
  const endMs = performance.now() + maxMs;
  const outOfTime = new AbortController();
  try {
    const report = await fitFrom(
      checkpoints,
      flow,
      {
        train: { size: data.train.size, rowsAt: (indices) => rowsOf(encoding, data.train.rowsAt(indices)) },
        validation: rowsOf(encoding, data.validation),
      },
      {
        ...recipe.fit,
        seed,
        steps,
        noise: encoding.noise,
        masking: { features: encoding.maskable, probability: recipe.maskingProbability },
        robust: isRobust(kind),
        onProgress: (progress) => {
          seen.push(progress);
          onProgress(progress);
          if (progress.validationNll !== null && performance.now() >= endMs) outOfTime.abort();
        },
        signal: signal === undefined ? outOfTime.signal : AbortSignal.any([signal, outOfTime.signal]),
      },
    );
    const { stoppedEarly, ...done } = report;
    return { flow, report: { ...done, stoppedBy: stoppedEarly ? 'patience' : 'steps' } };
  } catch (error) {
    const report = outOfTime.signal.aborted && signal?.aborted !== true ? reportUntil(seen) : null;
    if (report !== null) return { flow, report };
    flow.dispose();
    throw error;
  }
}

/** Fits a flow from a checkpoint, or anew if there is none or it is of another training. */
async function fitFrom(
  checkpoints: FlowCheckpoints | undefined,
  flow: Flow,
  rows: Parameters<typeof fit>[1],
  options: FitOptions,
): Promise<FitReport> {
  if (checkpoints === undefined) return fit(flow, rows, options);
  const { resume, keep, onRejected } = checkpoints;
  const keeping = { ...options, onCheckpoint: ({ bytes }: TrainingCheckpoint) => keep(bytes) };
  if (resume === null) return fit(flow, rows, keeping);
  try {
    return await fit(flow, rows, { ...keeping, resume });
  } catch (error) {
    if (!(error instanceof FlowError) || !UNUSABLE.includes(error.code)) throw error;
    onRejected(error);
    return fit(flow, rows, keeping);
  }
}

/** Errors of a checkpoint of another training, or of a damaged one. */
const UNUSABLE: readonly string[] = ['FLOWLINE_MODEL_INCOMPATIBLE', 'FLOWLINE_MODEL_CORRUPTED'];

/**
 * Report of a training that was stopped, whose flow holds its best weights. Null if there were none
 * yet.
 */
function reportUntil(seen: readonly FitProgress[]): MemberReport | null {
  const curves = seen.flatMap(({ step, trainNll, validationNll }) =>
    validationNll === null ? [] : [{ step, trainNll, validationNll }],
  );
  const best = curves.reduce<(typeof curves)[number] | null>(
    (least, each) => (each.validationNll < (least?.validationNll ?? Infinity) ? each : least),
    null,
  );
  const last = seen.at(-1);
  if (best === null || last === undefined) return null;
  return {
    steps: last.step,
    bestStep: best.step,
    bestValidationNll: best.validationNll,
    stoppedBy: 'time',
    skippedSteps: last.skippedSteps,
    trimmedShare: null,
    curves,
  };
}

function rowsOf(encoding: FeatureEncoding, batch: EncodedRows): Rows {
  const { x, context, size } = encoding.split(batch);
  return encoding.contextWidth === 0 ? { x, size } : { x, context, size };
}
