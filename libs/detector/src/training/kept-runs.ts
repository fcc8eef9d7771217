import type { Flow } from '@flowline/flows';

import type { MemberReport, Start } from './train-flow.ts';

/** Training of one member, done. */
export interface TrainedRun {
  readonly member: number;
  readonly start: Start;
  readonly flow: Flow;
  /** Null if no validation of a warm start was finite. */
  readonly report: MemberReport | null;
}

/** One flow of the ensemble, and the report on its training. */
export interface TrainedMember {
  readonly flow: Flow;
  readonly report: MemberReport;
}

/** Best validation losses of a member by its start, in nats of the encoded space. */
export interface StartComparison {
  readonly cold: number;
  /** Null if no validation was finite. */
  readonly warm: number | null;
}

/**
 * Keeps one training per member: the one with the lower loss on the validation rows, with the same
 * noise. Of two equal ones, the cold start is kept.
 */
export function keptRuns(runs: readonly TrainedRun[]): {
  readonly members: readonly TrainedMember[];
  /** Comparison of each member that was started twice. */
  readonly comparisons: readonly StartComparison[];
} {
  const members: TrainedMember[] = [];
  const comparisons: StartComparison[] = [];
  for (const { member, start, flow, report } of runs) {
    if (start !== 'cold' || report === null) continue;
    const other = runs.find((run) => run.member === member && run.start === 'warm');
    const warmer = other?.report ?? null;
    const isWarm = other !== undefined && warmer !== null && warmer.bestValidationNll < report.bestValidationNll;
    members.push(isWarm ? { flow: other.flow, report: warmer } : { flow, report });
    if (other !== undefined) {
      comparisons.push({ cold: report.bestValidationNll, warm: warmer?.bestValidationNll ?? null });
    }
  }
  return { members, comparisons };
}
