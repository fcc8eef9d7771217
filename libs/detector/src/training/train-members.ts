import { at, turn } from '@flowline/events';
import type { ColumnTable, FeatureEncoding } from '@flowline/features';
import { type Flow, Random } from '@flowline/flows';

import type { HistoryParts } from '../bundle/bundle.ts';
import { chooseTrainer, type Trainer } from './choose-training.ts';
import { type Architecture, isFitted, newFlow, type TrainedArchitecture } from './families.ts';
import { fitMembers } from './fit-members.ts';
import { keptRuns, type TrainedMember, type TrainedRun } from './kept-runs.ts';
import { type MembersContext, type Run, trainRuns } from './train-runs.ts';
import type { TrainedMembers } from './trained-members.ts';
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
 * trains has threads to share. With a warm start each is trained twice, and the better on the
 * validation rows is kept. The caller disposes their flows, also `first` if this throws.
 * @throws FlowlineError FLOWLINE_HISTORY_TOO_SMALL, FLOWLINE_BACKEND_UNAVAILABLE; FlowError as
 * trainFlow does.
 */
export async function trainMembers(
  spec: DetectorTrainingSpec,
  architecture: Architecture,
  encoding: FeatureEncoding,
  tables: HistoryParts<ColumnTable>,
  context: MembersContext,
  first: FirstMember | null = null,
): Promise<TrainedMembers> {
  const seeds = memberSeeds(spec);
  const { family } = architecture;
  if (isFitted(family)) return fitMembers(spec, family, seeds, encoding, tables, context, first);
  return trainFlows(spec, { ...architecture, family }, seeds, encoding, tables, context, first);
}

async function trainFlows(
  spec: DetectorTrainingSpec,
  architecture: TrainedArchitecture,
  seeds: readonly number[],
  encoding: FeatureEncoding,
  tables: HistoryParts<ColumnTable>,
  context: MembersContext,
  first: FirstMember | null,
): Promise<TrainedMembers> {
  const trainer = await trainerOf(spec, architecture, encoding);
  const flows: Flow[] = [];
  let kept: readonly TrainedMember[] = first === null ? [] : [first];
  try {
    for (const seed of seeds) {
      await turn(context.signal);
      flows.push(first !== null && flows.length === 0 ? first.flow : newFlow(encoding, seed, architecture));
    }
    const warm = await warmFlows(spec, encoding, flows);
    flows.push(...warm.flows);
    const slot = first?.slot ?? 0;
    const runs = seeds.flatMap((seed, member): readonly Run[] => {
      const cold = { member, seed, start: 'cold', slot: slot + member, flow: at(flows, member), mayDiverge: false } as const; // prettier-ignore
      const flow = warm.flows.at(member);
      const both: readonly Run[] = flow === undefined ? [cold] : [cold, { ...cold, start: 'warm', flow, mayDiverge: true }]; // prettier-ignore
      return both.filter(({ start }) => first === null || member > 0 || start === 'warm');
    });
    const done: readonly TrainedRun[] = first === null ? [] : [{ ...first, member: 0, start: 'cold' }];
    const trained = runs.length === 0 ? [] : await trainRuns(spec, runs, { ...context, encoding, tables, trainer, phase: 'train' }); // prettier-ignore
    const { members, comparisons } = keptRuns([...done, ...trained].sort((a, b) => a.member - b.member));
    kept = members;
    const { family } = architecture;
    return { members, family, compute: trainer.compute, warmStart: warmStartReport(spec.warmStart, warm, comparisons) };
  } finally {
    for (const flow of flows) if (!kept.some((member) => member.flow === flow)) flow.dispose();
  }
}

/** Chooses the code that trains, by a flow like the members. */
export async function trainerOf(
  spec: DetectorTrainingSpec,
  architecture: TrainedArchitecture,
  encoding: FeatureEncoding,
): Promise<Trainer> {
  const flow = newFlow(encoding, spec.seed, architecture);
  try {
    return await chooseTrainer(flow, { ...spec.compute, tensors: spec.backend ?? 'tfjs-wasm' });
  } finally {
    flow.dispose();
  }
}
