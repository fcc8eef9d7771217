import { at, inTurns } from '@flowline/events';
import type { ColumnTable, FeatureEncoding } from '@flowline/features';
import { type Flow, FlowError } from '@flowline/flows';

import type { HistoryParts } from '../bundle/bundle.ts';
import type { Trainer } from './choose-training.ts';
import type { TrainedRun } from './kept-runs.ts';
import { recipe } from './recipe.ts';
import { rowsToTrainOn } from './rows-to-train-on.ts';
import { runProgress } from './run-progress.ts';
import { together } from './together.ts';
import { type FlowCheckpoints, type MemberReport, type Start, trainFlow, type TrainFlowOptions } from './train-flow.ts';
import type { DetectorTrainingSpec, MemberCheckpoints, ReportProgress, TrainingProgress } from './training-spec.ts';

/** Training of one flow that is to be done. */
export interface Run {
  readonly member: number;
  readonly seed: number;
  readonly start: Start;
  readonly flow: Flow;
  /** Place of its checkpoints among those of the training. */
  readonly slot: number;
  /** True if others can take its place: without a finite validation it has no report. */
  readonly mayDiverge: boolean;
}

/** Surroundings of the training of flows. */
export interface MembersContext {
  readonly report: ReportProgress;
  readonly signal: AbortSignal | undefined;
  readonly checkpoints: MemberCheckpoints | undefined;
}

/** Parts of a training that all flows share. */
export interface SharedParts extends MembersContext {
  readonly encoding: FeatureEncoding;
  readonly tables: HistoryParts<ColumnTable>;
  readonly trainer: Trainer;
  readonly phase: TrainingProgress['phase'];
}

/** Training of one flow, done. */
export interface DoneRun extends TrainedRun {
  readonly slot: number;
  /** Duration on its share of the threads. */
  readonly seconds: number;
}

/**
 * Trains flows on the same rows, side by side where the code that trains has threads to share.
 * Results are in the order of the runs.
 * @throws FlowlineError FLOWLINE_HISTORY_TOO_SMALL; FlowError as {@link trainFlow} does.
 */
export async function trainRuns(
  spec: DetectorTrainingSpec,
  runs: readonly Run[],
  { encoding, tables, trainer, phase, report, signal, checkpoints }: SharedParts,
): Promise<readonly DoneRun[]> {
  const steps = spec.steps ?? recipe.fit.steps;
  const draws = runs.length * steps * recipe.fit.batchSize;
  const rows = await inTurns(rowsToTrainOn(spec, encoding, tables, draws), signal);
  const width = Math.min(runs.length, trainer.threads);
  const threads = Math.max(1, Math.floor(trainer.threads / width));
  const progress = runProgress(runs.length, steps, (now) => report(phase, now));
  const endMs = performance.now() + (spec.maxMinutes ?? Infinity) * 60_000;
  const trained = new Map<number, DoneRun>();
  const jobs = runs.map((run, i) => async (either: AbortSignal): Promise<void> => {
    const { show, end } = at(progress, i);
    const startedMs = performance.now();
    const made = await reportOf(run, (options) => trainFlow(run.flow, encoding, rows, options), {
      fit: (flow, data, options) => trainer.fit(flow, data, options, threads),
      seed: run.seed,
      start: run.start,
      data: spec.data,
      steps,
      // The runs that have not begun yet share the time that is left, `width` at once.
      maxMs: (endMs - performance.now()) / Math.ceil((runs.length - i) / width),
      onProgress: show,
      signal: either,
      ...checkpointsOf(checkpoints, run),
    });
    trained.set(i, { ...run, report: made, seconds: (performance.now() - startedMs) / 1000 });
    end();
  });
  await together(jobs, width, signal);
  return runs.flatMap((_, i) => trained.get(i) ?? []);
}

/** Report on a run. Null if none of its validations was finite and others can take its place. */
async function reportOf(
  { mayDiverge }: Run,
  train: (options: TrainFlowOptions) => Promise<MemberReport>,
  options: TrainFlowOptions,
): Promise<MemberReport | null> {
  try {
    return await train(options);
  } catch (error) {
    if (mayDiverge && error instanceof FlowError && error.code === 'FLOWLINE_TRAINING_FAILED') return null;
    throw error;
  }
}

/** Checkpoints of one run. Warm starts have none: they begin anew from the champion. */
const checkpointsOf = (
  checkpoints: MemberCheckpoints | undefined,
  { slot, start }: Run,
): { readonly checkpoints?: FlowCheckpoints } => {
  if (checkpoints === undefined || start === 'warm') return {};
  const { resume, keep, onRejected } = checkpoints;
  return {
    checkpoints: {
      resume: resume.get(slot) ?? null,
      keep: (bytes) => keep(slot, bytes),
      onRejected: (error) => onRejected(slot, error),
    },
  };
};
