import { at, inTurns, turn } from '@flowline/events';
import type { Flow } from '@flowline/flows';

import { isFitted, isTrained } from '../training/families.ts';
import { fitDensity } from '../training/fit-density.ts';
import { flowMaker } from '../training/flow-maker.ts';
import type { EnsembleParts } from '../training/planned-member.ts';
import { rowsToTrainOn } from '../training/rows-to-train-on.ts';
import type { MemberReport } from '../training/train-flow.ts';
import { memberSeeds, trainerOf } from '../training/train-members.ts';
import { type Run, trainRuns } from '../training/train-runs.ts';
import type { DetectorTrainingSpec } from '../training/training-spec.ts';
import type { Candidate } from './candidates.ts';

/** Candidate with its flow, trained like the first member of an ensemble of it. */
export interface TrainedCandidate {
  readonly candidate: Candidate;
  /** Place of its checkpoints among those of the training. */
  readonly slot: number;
  readonly flow: Flow;
  /** Null if none of its validations was finite. */
  readonly report: MemberReport | null;
  readonly seconds: number;
}

/** Checkpoints of the members of one candidate, at most. */
const SLOTS = 8;

/**
 * Trains a member of every candidate, side by side where the code that trains has threads to share.
 * Results are in the order of the candidates; the caller disposes their flows.
 * @throws FlowlineError FLOWLINE_HISTORY_TOO_SMALL, FLOWLINE_BACKEND_UNAVAILABLE; FlowError
 * FLOWLINE_ABORTED.
 */
export async function trainCandidates(
  spec: DetectorTrainingSpec,
  candidates: readonly Candidate[],
  parts: EnsembleParts,
): Promise<readonly TrainedCandidate[]> {
  const made: TrainedCandidate[] = [];
  try {
    made.push(...(await fittedCandidates(spec, candidates, parts)));
    made.push(...(await trainedCandidates(spec, candidates, parts)));
    return made.sort((a, b) => a.slot - b.slot);
  } catch (error) {
    for (const { flow } of made) flow.dispose();
    throw error;
  }
}

async function trainedCandidates(
  spec: DetectorTrainingSpec,
  candidates: readonly Candidate[],
  parts: EnsembleParts,
): Promise<readonly TrainedCandidate[]> {
  const { encoding, tables, signal } = parts;
  const trained = candidates.filter(isTrained);
  if (trained.length === 0) return [];
  const trainer = await trainerOf(spec, trained, encoding);
  const newMember = flowMaker(spec, encoding, tables, signal);
  const seed = at(memberSeeds(spec), 0);
  const flows: Flow[] = [];
  try {
    const runs: Run[] = [];
    for (const candidate of trained) {
      const flow = await newMember(seed, candidate);
      flows.push(flow);
      const slot = SLOTS * candidates.indexOf(candidate);
      runs.push({ member: 0, seed, start: 'cold', flow, slot, mayDiverge: true });
    }
    const done = await trainRuns(spec, runs, { ...parts, trainer, phase: 'select' });
    return done.map((run) => ({ ...run, candidate: at(candidates, run.slot / SLOTS) }));
  } catch (error) {
    for (const flow of flows) flow.dispose();
    throw error;
  }
}

async function fittedCandidates(
  spec: DetectorTrainingSpec,
  candidates: readonly Candidate[],
  { encoding, tables, signal }: EnsembleParts,
): Promise<readonly TrainedCandidate[]> {
  const rows = await inTurns(rowsToTrainOn(spec, encoding, tables, Infinity), signal);
  const seed = at(memberSeeds(spec), 0);
  const made: TrainedCandidate[] = [];
  try {
    for (const [i, candidate] of candidates.entries()) {
      if (!isFitted(candidate.family)) continue;
      await turn(signal);
      const startedMs = performance.now();
      const { flow, report } = await fitDensity(encoding, rows, { family: candidate.family, seed, data: spec.data });
      made.push({ candidate, slot: SLOTS * i, flow, report, seconds: (performance.now() - startedMs) / 1000 });
    }
    return made;
  } catch (error) {
    for (const { flow } of made) flow.dispose();
    throw error;
  }
}
