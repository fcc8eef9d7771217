import { at } from '@flowline/events';
import { selectRows } from '@flowline/features';

import type { Baseline } from './baselines/baseline.ts';
import { cpuSecondsSince } from './cpu-seconds.ts';
import type { SplitRows } from './evaluate-detector.ts';
import { type BaselineRows, baselineRows } from './matrix.ts';
import { rankingMetrics, type RankingMetrics } from './ranking-metrics.ts';

/** Quality of a baseline on one split. */
export interface BaselineEvaluation extends RankingMetrics {
  /** CPU seconds of fitting and scoring. */
  readonly seconds: number;
  /** Scores of the test rows, the most anomalous highest. */
  readonly scores: Float64Array;
}

/** Rows of a split as baselines take them. */
export const preparedRows = ({ schema, table, train, test }: SplitRows): BaselineRows =>
  baselineRows(schema, selectRows(table, train), selectRows(table, test));

/**
 * Fits a baseline to the training rows of a split and ranks its test rows.
 * @returns null if it needs more training rows.
 */
export function evaluateBaseline(
  baseline: Baseline,
  { labels, test }: SplitRows,
  rows: BaselineRows,
  seed: number,
): BaselineEvaluation | null {
  if (rows.train.rows < baseline.fewestRows) return null;
  const started = process.cpuUsage();
  const scores = baseline.score(rows, seed);
  const seconds = cpuSecondsSince(started);
  return {
    ...rankingMetrics(
      scores,
      Uint8Array.from(test, (row) => at(labels, row)),
    ),
    ...{ seconds, scores },
  };
}
