import type { EncodedBatch } from '@flowline/features';

import { combinedScores } from './combined-scores.ts';
import type { ComparedRows, DecidingScores } from './decided-rows.ts';
import { outlyingScores } from './outlying.ts';
import type { StageScorer } from './second-stage.ts';
import type { Statistic } from './statistic.ts';

/**
 * Computes the deciding scores of a part of a table: −log p, or those of the statistic of a model.
 * A row's score depends only on the row.
 */
export async function decidingScores(
  statistic: Statistic | null,
  scorer: StageScorer,
  batch: EncodedBatch,
  logDensityNats: Float64Array,
  compared: ComparedRows,
): Promise<DecidingScores> {
  if (statistic === null) return { scores: logDensityNats.map((logP) => -logP) };
  return statistic.test === 'combined'
    ? combinedScores(statistic, scorer, batch, logDensityNats, compared)
    : outlyingScores(statistic, batch, logDensityNats, compared);
}
