import { whyNotTrained } from '@flowline/engine';
import { at } from '@flowline/events';
import type { FeatureEncoding } from '@flowline/features';
import { type Flow, Random } from '@flowline/flows';

import { chooseTrainer, type Trainer } from './choose-training.ts';
import {
  type Architecture,
  type FittedArchitecture,
  isFitted,
  isTrained,
  newFlow,
  type TrainedArchitecture,
} from './families.ts';
import { fitMembers } from './fit-members.ts';
import { flowMaker } from './flow-maker.ts';
import { keptRuns, type TrainedMember, type TrainedRun } from './kept-runs.ts';
import { type Run, trainRuns } from './train-runs.ts';
import type { EnsembleParts, PlannedMember } from './planned-member.ts';
import type { MadeMembers, TrainedMembers } from './trained-members.ts';
import type { DetectorTrainingSpec } from './training-spec.ts';
import { warmFlows, warmStartReport } from './warm-start.ts';

/** First member that is trained already, from new weights, and the place of its checkpoints. */
export interface FirstMember extends TrainedMember {
  readonly slot: number;
}

/** Seed of each member of the ensemble. */
export const memberSeeds = ({ seed, members }: Pick<DetectorTrainingSpec, 'members' | 'seed'>): readonly number[] =>
  Array.from({ length: members }, (_, i) => new Random(seed).fork(`member ${i}`).uint32());

/**
 * Trains the members of the ensemble, each with a seed of its own, side by side where the code that
 * trains has threads to share; those of a family without gradient steps are fitted before. With a
 * warm start each is trained twice, and the better on the validation rows is kept. The caller
 * disposes their flows, also `first` if this throws.
 * @param architectures one per member.
 * @throws FlowlineError FLOWLINE_HISTORY_TOO_SMALL, FLOWLINE_BACKEND_UNAVAILABLE; FlowError as
 * trainFlow does.
 */
export async function trainMembers(
  spec: DetectorTrainingSpec,
  architectures: readonly Architecture[],
  parts: EnsembleParts,
  first: FirstMember | null = null,
): Promise<TrainedMembers> {
  const planned = memberSeeds(spec).map((seed, member) => ({
    seed,
    member,
    architecture: at(architectures, member),
  }));
  const toFit = planned.filter(isToFit);
  const toTrain = planned.filter(isToTrain);
  const one = toTrain.length === 0 ? await fitMembers(spec, toFit, parts, first) : null;
  const made = one ?? (await trainOrFit(spec, toFit, toTrain, parts, first));
  return { ...made, architectures: planned.map(({ architecture }) => architecture) };
}

const isToFit = (plan: PlannedMember): plan is PlannedMember<FittedArchitecture> => isFitted(plan.architecture.family);
const isToTrain = (plan: PlannedMember): plan is PlannedMember<TrainedArchitecture> => isTrained(plan.architecture);

const MIXED = 'some members are of a family that is fitted without gradient steps';

/** Fits some members and trains the others. */
async function trainOrFit(
  spec: DetectorTrainingSpec,
  toFit: readonly PlannedMember<FittedArchitecture>[],
  toTrain: readonly PlannedMember<TrainedArchitecture>[],
  parts: EnsembleParts,
  first: FirstMember | null,
): Promise<MadeMembers> {
  if (toFit.length === 0) return trainFlows(spec, toTrain, parts, first);
  const fitted = await fitMembers(spec, toFit, { ...parts, report: () => undefined }, null);
  try {
    const cold = spec.warmStart === undefined ? {} : { warmStart: { champion: null, problem: MIXED } };
    const trained = await trainFlows({ ...spec, ...cold }, toTrain, parts, first);
    const places = [...toFit, ...toTrain].map(({ member }) => member);
    const all = [...fitted.members, ...trained.members].map((made, i) => ({ made, place: at(places, i) }));
    return { ...trained, members: all.sort((a, b) => a.place - b.place).map(({ made }) => made) };
  } catch (error) {
    for (const { flow } of fitted.members) flow.dispose();
    throw error;
  }
}

async function trainFlows(
  spec: DetectorTrainingSpec,
  planned: readonly PlannedMember<TrainedArchitecture>[],
  parts: EnsembleParts,
  first: FirstMember | null,
): Promise<MadeMembers> {
  const { encoding, tables, signal } = parts;
  const architectures = planned.map(({ architecture }) => architecture);
  const trainer = await trainerOf(spec, architectures, encoding);
  const newMember = flowMaker(spec, encoding, tables, signal);
  const flows: Flow[] = [];
  let kept: readonly TrainedMember[] = first === null ? [] : [first];
  try {
    for (const { seed, architecture } of planned) {
      flows.push(first !== null && flows.length === 0 ? first.flow : await newMember(seed, architecture));
    }
    const warm = await warmFlows(spec, encoding, flows);
    flows.push(...warm.flows);
    const runs = runsOf(planned, flows, warm.flows, first);
    const done: readonly TrainedRun[] = first === null ? [] : [{ ...first, member: 0, start: 'cold' }];
    const trained = runs.length === 0 ? [] : await trainRuns(spec, runs, { ...parts, trainer, phase: 'train' });
    const { members, comparisons } = keptRuns([...done, ...trained].sort((a, b) => a.member - b.member));
    kept = members;
    return { members, compute: trainer.compute, warmStart: warmStartReport(spec.warmStart, warm, comparisons) };
  } finally {
    for (const flow of flows) if (!kept.some((member) => member.flow === flow)) flow.dispose();
  }
}

/** Trainings of the members: from new weights, and from those of a champion if there are any. */
function runsOf(
  planned: readonly PlannedMember[],
  flows: readonly Flow[],
  warm: readonly Flow[],
  first: FirstMember | null,
): readonly Run[] {
  const slot = first?.slot ?? 0;
  return planned.flatMap(({ seed, member }, i): readonly Run[] => {
    const cold = { member, seed, start: 'cold', slot: slot + member, flow: at(flows, i), mayDiverge: false } as const;
    const flow = warm.at(i);
    const both: readonly Run[] = flow === undefined ? [cold] : [cold, { ...cold, start: 'warm', flow, mayDiverge: true }]; // prettier-ignore
    return both.filter(({ start }) => first === null || member > 0 || start === 'warm');
  });
}

/** Chooses the code that trains, by flows like the members: code that trains all of them. */
export async function trainerOf(
  spec: DetectorTrainingSpec,
  architectures: readonly TrainedArchitecture[],
  encoding: FeatureEncoding,
): Promise<Trainer> {
  const flows = architectures.map((architecture) => newFlow(encoding, spec.seed, architecture));
  try {
    const hardest = flows.find((flow) => whyNotTrained(flow) !== null) ?? at(flows, 0);
    return await chooseTrainer(hardest, { ...spec.compute, tensors: spec.backend ?? 'tfjs-wasm' });
  } finally {
    for (const flow of flows) flow.dispose();
  }
}
