import type { FeatureEncoding } from '@flowline/features';
import {
  type FitData,
  type FitOptions,
  type FitProgress,
  type FitReport,
  type Flow,
  FlowError,
  type TrainingCheckpoint,
} from '@flowline/flows';

import { isRobust, recipe, type TrainingData } from './recipe.ts';
import type { TrainingRows } from './rows-to-train-on.ts';

/** Weights that a training starts from: new ones, or those of a champion. */
export type Start = 'cold' | 'warm';

/** Report on the training of one member. */
export interface MemberReport {
  /** Number of steps done. */
  readonly steps: number;
  /** Step whose weights were kept. */
  readonly bestStep: number;
  /** Mean −log p of the validation rows with fixed noise, in nats of the encoded space. */
  readonly bestValidationNll: number;
  /** `fitted`: a density without gradient steps. */
  readonly stoppedBy: 'patience' | 'steps' | 'time' | 'fitted';
  readonly skippedSteps: number;
  /** Share of the training rows that the robust loss left out; null if the time ran out. */
  readonly trimmedShare: number | null;
  readonly curves: readonly { readonly step: number; readonly trainNll: number; readonly validationNll: number }[];
}

/** Options for the training of one member. */
export interface TrainFlowOptions {
  readonly seed: number;
  /** Weights that the flow has. */
  readonly start: Start;
  /** Trains a flow by options of {@link fit}. */
  readonly fit: (flow: Flow, data: FitData, options: FitOptions) => Promise<FitReport>;
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
 * Trains a flow on encoded rows by the recipe, from the weights that it has.
 * @throws FlowError FLOWLINE_ABORTED if `signal` aborts, FLOWLINE_TRAINING_FAILED if no validation
 * was finite.
 */
export async function trainFlow(
  flow: Flow,
  encoding: FeatureEncoding,
  rows: TrainingRows,
  { fit, seed, start, data: kind, steps, maxMs, onProgress, signal, checkpoints }: TrainFlowOptions,
): Promise<MemberReport> {
  const seen: FitProgress[] = [];
  const endMs = performance.now() + maxMs;
  const outOfTime = new AbortController();
  try {
    const { stoppedEarly, ...done } = await fitFrom(checkpoints, fit, flow, rows, {
      ...recipe.fit,
      ...(start === 'warm' ? { learningRate: recipe.warmLearningRate } : {}),
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
    });
    return { ...done, stoppedBy: stoppedEarly ? 'patience' : 'steps' };
  } catch (error) {
    const report = outOfTime.signal.aborted && signal?.aborted !== true ? reportUntil(seen) : null;
    if (report !== null) return report;
    throw error;
  }
}

/** Fits a flow from a checkpoint, or anew if there is none or it is of another training. */
async function fitFrom(
  checkpoints: FlowCheckpoints | undefined,
  fit: TrainFlowOptions['fit'],
  flow: Flow,
  rows: FitData,
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
