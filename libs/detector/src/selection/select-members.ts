import { FlowlineError, turn } from '@flowline/events';

import type { EnsembleParts } from '../training/planned-member.ts';
import { trainMembers } from '../training/train-members.ts';
import type { TrainedMembers } from '../training/trained-members.ts';
import type { DetectorTrainingSpec } from '../training/training-spec.ts';
import type { CandidateReport } from './candidate-report.ts';
import { candidatesFor } from './candidates.ts';
import { choose } from './choose.ts';
import { heldOutNats } from './held-out-nats.ts';
import { leaderboard } from './leaderboard.ts';
import { type TrainedCandidate, trainCandidates } from './train-candidates.ts';

/** Trained ensemble, and the candidates that its structure was chosen from. */
export interface SelectedMembers extends TrainedMembers {
  /** The best first; empty if the family was named. */
  readonly candidates: readonly CandidateReport[];
}

/**
 * Trains a member of every candidate, chooses one by the likelihood of the validation rows, and
 * trains its other members. The time limit holds for all trainings together. The caller disposes
 * the flows.
 * @throws FlowlineError FLOWLINE_HISTORY_TOO_SMALL, FLOWLINE_BACKEND_UNAVAILABLE,
 * FLOWLINE_TRAINING_FAILED if no candidate can be trained; FlowError FLOWLINE_ABORTED.
 */
export async function selectMembers(spec: DetectorTrainingSpec, parts: EnsembleParts): Promise<SelectedMembers> {
  const { tables } = parts;
  const startedMs = performance.now();
  const rows = { train: tables.train.size, calibration: tables.calibration.size };
  const candidates = candidatesFor({ rows, least: spec.minimumRows });
  const later = spec.members - 1 + (spec.warmStart === undefined ? 0 : spec.members);
  const share = candidates.length / (candidates.length + later);
  const limit = spec.maxMinutes ?? Infinity;
  const trained = await trainCandidates({ ...spec, maxMinutes: limit * share }, candidates, parts);
  let kept: TrainedMembers['members'] = [];
  try {
    const scored = await scoredCandidates(spec, trained, parts);
    const choice = choose(scored);
    const { candidate, flow, report, slot } = choice.chosen.trained;
    if (report === null) throw new RangeError('a candidate without a report was scored');
    const maxMinutes = limit - (performance.now() - startedMs) / 60_000;
    const left = { ...spec, maxMinutes };
    const all = Array.from({ length: spec.members }, () => candidate);
    const made = await trainMembers(left, all, parts, { flow, report, slot });
    kept = made.members;
    return { ...made, candidates: leaderboard(trained, choice, scored) };
  } finally {
    for (const { flow } of trained) if (!kept.some((member) => member.flow === flow)) flow.dispose();
  }
}

async function scoredCandidates(
  spec: DetectorTrainingSpec,
  trained: readonly TrainedCandidate[],
  { encoding, tables: { validation }, signal }: EnsembleParts,
) {
  const scored = [];
  for (const each of trained) {
    await turn(signal);
    if (each.report === null) continue;
    const startedMs = performance.now();
    const logDensityNats = await heldOutNats(spec, each.flow, encoding, validation, signal);
    const seconds = each.seconds + (performance.now() - startedMs) / 1000;
    const { name, isRecipe } = each.candidate;
    const { parameterCount: parameters } = each.flow;
    scored.push({ name, isRecipe, parameters, logDensityNats, seconds, trained: each });
  }
  if (scored.length > 0) return scored;
  throw new FlowlineError('FLOWLINE_TRAINING_FAILED', 'No candidate had a finite validation loss.', {
    where: 'spec.model.family',
    remedy: 'Look at the history for values far out of range, or name a family.',
  });
}
