import { inTurns, turn } from '@flowline/events';
import type { ColumnTable, FeatureEncoding } from '@flowline/features';

import type { HistoryParts } from '../bundle/bundle.ts';
import type { FittedFamily } from './families.ts';
import { fitDensity } from './fit-density.ts';
import type { TrainedMember } from './kept-runs.ts';
import { rowsToTrainOn } from './rows-to-train-on.ts';
import type { TrainedMembers } from './trained-members.ts';
import type { DetectorTrainingSpec, ReportProgress } from './training-spec.ts';
import { warmStartReport } from './warm-start.ts';

const WHY = 'the family is fitted without gradient steps';

/**
 * Fits the members of an ensemble of a family without gradient steps, one after the other. There is
 * nothing to go on from: neither a checkpoint nor a champion. The caller disposes their flows,
 * also `first`, which is fitted already, if this throws.
 * @throws FlowlineError FLOWLINE_HISTORY_TOO_SMALL; FlowError FLOWLINE_ABORTED if `signal` aborts.
 */
export async function fitMembers(
  spec: DetectorTrainingSpec,
  family: FittedFamily,
  seeds: readonly number[],
  encoding: FeatureEncoding,
  tables: HistoryParts<ColumnTable>,
  { report, signal }: { readonly report: ReportProgress; readonly signal: AbortSignal | undefined },
  first: TrainedMember | null = null,
): Promise<TrainedMembers> {
  const rows = await inTurns(rowsToTrainOn(spec, encoding, tables, Infinity), signal);
  const members: TrainedMember[] = first === null ? [] : [{ flow: first.flow, report: first.report }];
  try {
    for (const seed of seeds.slice(members.length)) {
      await turn(signal);
      members.push(await fitDensity(encoding, rows, { family, seed, data: spec.data }));
      const [step, steps] = [members.length, seeds.length];
      report('train', { share: step / steps, step, steps });
    }
  } catch (error) {
    for (const { flow } of members) if (flow !== first?.flow) flow.dispose();
    throw error;
  }
  const device = 'the calling thread';
  return {
    ...{ members, family },
    compute: { backend: 'engine', device, why: WHY, reason: `${device}: ${WHY}` },
    warmStart: warmStartReport(spec.warmStart, { flows: [], problem: WHY }, []),
  };
}
