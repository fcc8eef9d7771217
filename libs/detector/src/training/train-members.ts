import { at, inTurns, turn } from '@flowline/events';
import type { ColumnTable, FeatureEncoding } from '@flowline/features';
import { type Flow, FlowError, Random } from '@flowline/flows';

import type { HistoryParts } from '../bundle/bundle.ts';
import { chooseTrainer, type Trainer } from './choose-training.ts';
import { familyOf, isFitted, newFlow, type TrainedFamily } from './families.ts';
import { fitMembers } from './fit-members.ts';
import { keptRuns, type TrainedMember, type TrainedRun } from './kept-runs.ts';
import { recipe } from './recipe.ts';
import { rowsToTrainOn } from './rows-to-train-on.ts';
import { runProgress } from './run-progress.ts';
import { together } from './together.ts';
import { type FlowCheckpoints, type MemberReport, type Start, trainFlow, type TrainFlowOptions } from './train-flow.ts';
import type { DetectorTrainingSpec, MemberCheckpoints, ReportProgress } from './training-spec.ts';
import type { TrainedMembers } from './trained-members.ts';
import { warmFlows, warmStartReport } from './warm-start.ts';

/** Training of one member that is to be done. */
interface Run {
  readonly member: number;
  readonly seed: number;
  readonly start: Start;
  readonly flow: Flow;
}

/** Surroundings of the training of members. */
interface MembersContext {
  readonly report: ReportProgress;
  readonly signal: AbortSignal | undefined;
  readonly checkpoints: MemberCheckpoints | undefined;
}

/** Parts of a training that all members share. */
interface SharedParts extends MembersContext {
  readonly encoding: FeatureEncoding;
  readonly tables: HistoryParts<ColumnTable>;
  readonly trainer: Trainer;
}

/**
 * Trains the members of the ensemble, each with a seed of its own, side by side where the code that
 * trains has threads to share. With a warm start each is trained twice, and the better on the
 * validation rows is kept. The caller disposes their flows.
 * @throws FlowlineError FLOWLINE_HISTORY_TOO_SMALL, FLOWLINE_BACKEND_UNAVAILABLE; FlowError as
 * {@link trainFlow} does.
 */
export async function trainMembers(
  spec: DetectorTrainingSpec,
  encoding: FeatureEncoding,
  tables: HistoryParts<ColumnTable>,
  context: MembersContext,
): Promise<TrainedMembers> {
  const seeds = Array.from({ length: spec.members }, (_, i) => new Random(spec.seed).fork(`member ${i}`).uint32());
  const family = familyOf(spec.family);
  if (isFitted(family)) return fitMembers(spec, family, seeds, encoding, tables, context);
  const trainer = await trainerOf(spec, family, encoding);
  const flows: Flow[] = [];
  let kept: readonly TrainedMember[] = [];
  try {
    for (const seed of seeds) {
      await turn(context.signal);
      flows.push(newFlow(encoding, seed, family));
    }
    const warm = await warmFlows(spec, encoding, flows);
    const runs = seeds.flatMap((seed, member): readonly Run[] => {
      const run = { member, seed, start: 'cold', flow: at(flows, member) } as const;
      const flow = warm.flows.at(member);
      return flow === undefined ? [run] : [run, { ...run, start: 'warm', flow }];
    });
    flows.push(...warm.flows);
    const { members, comparisons } = keptRuns(await trainRuns(spec, runs, { ...context, encoding, tables, trainer }));
    kept = members;
    return { members, compute: trainer.compute, warmStart: warmStartReport(spec.warmStart, warm, comparisons) };
  } finally {
    for (const flow of flows) if (!kept.some((member) => member.flow === flow)) flow.dispose();
  }
}

/** Chooses the code that trains, by a flow like the members. */
async function trainerOf(
  spec: DetectorTrainingSpec,
  family: TrainedFamily,
  encoding: FeatureEncoding,
): Promise<Trainer> {
  const flow = newFlow(encoding, spec.seed, family);
  try {
    return await chooseTrainer(flow, { ...spec.compute, tensors: spec.backend ?? 'tfjs-wasm' });
  } finally {
    flow.dispose();
  }
}

async function trainRuns(
  spec: DetectorTrainingSpec,
  runs: readonly Run[],
  { encoding, tables, trainer, report, signal, checkpoints }: SharedParts,
): Promise<readonly TrainedRun[]> {
  const steps = spec.steps ?? recipe.fit.steps;
  const draws = runs.length * steps * recipe.fit.batchSize;
  const rows = await inTurns(rowsToTrainOn(spec, encoding, tables, draws), signal);
  const width = Math.min(runs.length, trainer.threads);
  const threads = Math.max(1, Math.floor(trainer.threads / width));
  const progress = runProgress(runs.length, steps, report);
  const endMs = performance.now() + (spec.maxMinutes ?? Infinity) * 60_000;
  const trained: TrainedRun[] = [];
  const jobs = runs.map((run, i) => async (either: AbortSignal): Promise<void> => {
    const { show, end } = at(progress, i);
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
    trained.push({ ...run, report: made });
    end();
  });
  await together(jobs, width, signal);
  return trained.sort((a, b) => a.member - b.member);
}

/** Report on a run. Null for a warm start none of whose validations was finite. */
async function reportOf(
  { start }: Run,
  train: (options: TrainFlowOptions) => Promise<MemberReport>,
  options: TrainFlowOptions,
): Promise<MemberReport | null> {
  try {
    return await train(options);
  } catch (error) {
    const isDiverged = error instanceof FlowError && error.code === 'FLOWLINE_TRAINING_FAILED';
    if (start === 'warm' && isDiverged) return null;
    throw error;
  }
}

/** Checkpoints of one member. Warm starts have none: they begin anew from the champion. */
const checkpointsOf = (
  checkpoints: MemberCheckpoints | undefined,
  { member, start }: Run,
): { readonly checkpoints?: FlowCheckpoints } => {
  if (checkpoints === undefined || start === 'warm') return {};
  const { resume, keep, onRejected } = checkpoints;
  return {
    checkpoints: {
      resume: resume.get(member) ?? null,
      keep: (bytes) => keep(member, bytes),
      onRejected: (error) => onRejected(member, error),
    },
  };
};
