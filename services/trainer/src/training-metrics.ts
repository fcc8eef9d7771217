import type { HistoryParts, MemberReport, TrainingReport } from '@flowline/detector';

import type { ChampionComparison, PromotionDecision } from './promotion.ts';
import type { TrainingHistory } from './training-history.ts';

/** Figures of a history. */
export interface HistoryMetrics {
  readonly rowsRead: number;
  /** Rows that did not fit, by reason and field. */
  readonly rejected: Readonly<Record<string, number>>;
  /** Rows left out because people confirmed their event, or a rule excludes it. */
  readonly excluded: number;
  /** Events per day that has data. */
  readonly eventsPerDay: number;
  /** Warnings about the history for a person, one sentence each. */
  readonly warnings: readonly string[];
}

/** Metrics stored with a run, for people and charts. */
export interface TrainingMetrics extends HistoryMetrics {
  readonly rows: HistoryParts<number>;
  readonly training: Omit<TrainingReport, 'members'> & { readonly members: readonly Omit<MemberReport, 'curves'>[] };
  readonly comparison: ChampionComparison | null;
  readonly promotion: PromotionDecision;
}

/** Figures of a history, without its rows. */
export const historyMetrics = ({
  rowsRead,
  rejected,
  excluded,
  eventsPerDay,
  warnings,
}: TrainingHistory): HistoryMetrics => ({
  rowsRead,
  rejected,
  excluded,
  eventsPerDay,
  warnings,
});

/** Metrics of a run. The learning curves are stored separately. */
export function trainingMetrics(
  history: TrainingHistory,
  rows: HistoryParts<number>,
  report: TrainingReport,
  comparison: ChampionComparison | null,
  promotion: PromotionDecision,
): TrainingMetrics {
  const members = report.members.map(({ curves: _curves, ...member }) => member);
  return { ...historyMetrics(history), rows, training: { ...report, members }, comparison, promotion };
}
