import { inTurns, turn } from '@flowline/events';

import type { FittedArchitecture } from './families.ts';
import { fitDensity } from './fit-density.ts';
import type { TrainedMember } from './kept-runs.ts';
import { rowsToTrainOn } from './rows-to-train-on.ts';
import type { EnsembleParts, PlannedMember } from './planned-member.ts';
import type { MadeMembers } from './trained-members.ts';
import type { DetectorTrainingSpec } from './training-spec.ts';
import { warmStartReport } from './warm-start.ts';

const WHY = 'the family is fitted without gradient steps';

/**
 * Fits members of families without gradient steps, one after the other. There is nothing to go on
 * from: neither a checkpoint nor a champion. The caller disposes their flows, also `first`, which
 * is fitted already, if this throws.
 * @throws FlowlineError FLOWLINE_HISTORY_TOO_SMALL; FlowError FLOWLINE_ABORTED if `signal` aborts.
 */
export async function fitMembers(
  spec: DetectorTrainingSpec,
  planned: readonly PlannedMember<FittedArchitecture>[],
  { encoding, tables, report, signal }: EnsembleParts,
  first: TrainedMember | null,
): Promise<MadeMembers> {
  const rows = await inTurns(rowsToTrainOn(spec, encoding, tables, Infinity), signal);
  const members: TrainedMember[] = first === null ? [] : [{ flow: first.flow, report: first.report }];
  try {
    for (const { seed, architecture } of planned.slice(members.length)) {
      await turn(signal);
      members.push(await fitDensity(encoding, rows, { family: architecture.family, seed, data: spec.data }));
      const [step, steps] = [members.length, planned.length];
      report('train', { share: step / steps, step, steps });
    }
  } catch (error) {
    for (const { flow } of members) if (flow !== first?.flow) flow.dispose();
    throw error;
  }
  const device = 'the calling thread';
  return {
    members,
    compute: { backend: 'engine', device, why: WHY, reason: `${device}: ${WHY}` },
    warmStart: warmStartReport(spec.warmStart, { flows: [], problem: WHY }, []),
  };
}
