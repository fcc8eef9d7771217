import type { Scorer } from '@flowline/engine';
import type { PValueMethod } from '@flowline/events';
import type { FeatureEncoding, FeatureTable } from '@flowline/features';

import { type CalibrationSet, patternPValue } from './calibration/calibration-set.ts';
import { rowTraits } from './calibration/row-traits.ts';
import { densityChunks } from './log-densities.ts';
import type { Scores } from './scores.ts';
import { valueAt } from './sorted.ts';
import { decidingScores } from './statistic/deciding-scores.ts';
import type { Statistic } from './statistic/statistic.ts';

/** Parts of a model by which a table is scored. */
export interface ScoringParts {
  readonly scorer: Pick<Scorer, 'score' | 'latent'>;
  readonly encoding: Pick<FeatureEncoding, 'schema' | 'encode'>;
  readonly calibration: CalibrationSet;
  readonly statistic: Statistic | null;
}

/**
 * Scores a table: log p(event) = log p(x | context) + Σ log|det| + log P(levels), and its p-value,
 * by low density or by the statistic of the model. A row's score depends only on the row.
 * A row outside its domain has zero density and the smallest p-value.
 * @throws FlowlineError FLOWLINE_FEATURES_INVALID for a table of other columns.
 */
export async function scoreTable(
  { scorer, encoding, calibration, statistic }: ScoringParts,
  table: FeatureTable,
): Promise<Scores> {
  const scores = {
    size: table.size,
    logDensityNats: new Float64Array(table.size),
    pValues: new Float64Array(table.size),
    pMethods: new Array<PValueMethod>(table.size).fill('floor'),
    outOfDomain: new Uint8Array(table.size),
    ...(statistic === null
      ? {}
      : { raisedBy: new Uint8Array(table.size), decidingScores: new Float64Array(table.size) }),
    pooled: new Uint8Array(table.size),
  };
  const traits = rowTraits(encoding.schema, table);
  for await (const { start, batch, logDensityNats } of densityChunks(scorer, encoding, table)) {
    scores.logDensityNats.set(logDensityNats, start);
    scores.outOfDomain.set(batch.outOfDomain, start);
    const { missingPattern } = batch;
    const decided = await decidingScores(statistic, scorer, batch, logDensityNats, { missingPattern, traits, start });
    if (decided.raisedBy !== undefined) scores.raisedBy?.set(decided.raisedBy, start);
    scores.decidingScores?.set(decided.scores, start);
    for (let i = 0; i < batch.size; i++) {
      const score = valueAt(decided.scores, i);
      const { p, method, pooled } = patternPValue(calibration, score, valueAt(missingPattern, i), start + i, traits);
      scores.pValues[start + i] = p;
      scores.pMethods[start + i] = method;
      scores.pooled[start + i] = pooled ? 1 : 0;
    }
  }
  return scores;
}
