import type { Scorer } from '@flowline/engine';
import { blocksOf, turn } from '@flowline/events';
import type { ColumnTable, FeatureEncoding } from '@flowline/features';
import { Random } from '@flowline/flows';

import { historyChunkRows } from '../log-densities.ts';
import { valueAt } from '../sorted.ts';
import { noisyRows } from './noisy-rows.ts';

/** Model that is compared, and the encodings whose noise is added in turn. */
export interface NoisyScoring {
  readonly scorer: Pick<Scorer, 'score'>;
  readonly encoding: FeatureEncoding;
  readonly references: readonly FeatureEncoding[];
}

/**
 * Computes log p of rows with the noise of training added, in nats and original units, −Infinity
 * outside the domain. Models with the same references and seed score the same rows with the same
 * noise.
 */
export async function noisyLogDensities(
  { scorer, encoding, references }: NoisyScoring,
  table: ColumnTable,
  seed: number,
  signal: AbortSignal | undefined,
): Promise<Float64Array> {
  const random = new Random(seed);
  const logDensityNats = new Float64Array(table.size);
  for (const [start, end] of blocksOf(table.size, historyChunkRows(table))) {
    await turn(signal);
    const part = table.rows(start, end);
    const { rows, logJacobian, outOfDomain } = noisyRows(encoding, references, part, random, start);
    const logP = await scorer.score(rows, part.size);
    logP.forEach((flow, i) => {
      logDensityNats[start + i] = outOfDomain[i] === 1 ? -Infinity : flow + valueAt(logJacobian, i);
    });
  }
  return logDensityNats;
}
