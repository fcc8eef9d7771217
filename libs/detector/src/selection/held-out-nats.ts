import { initBackend, type Flow } from '@flowline/flows';
import { type ColumnTable, columnsOf, type FeatureEncoding } from '@flowline/features';

import { heldOutScorer } from '../training/held-out-scorer.ts';
import { noisyLogDensities } from '../training/noisy-log-densities.ts';
import type { DetectorTrainingSpec } from '../training/training-spec.ts';

/** Most rows that candidates are compared on, evenly spaced in time. */
const MOST_ROWS = 5_000;

/**
 * Log-likelihoods of validation rows under a flow, in nats and original units, with noise that is
 * the same for all candidates.
 */
export async function heldOutNats(
  { seed, backend = 'tfjs-wasm' }: Pick<DetectorTrainingSpec, 'backend' | 'seed'>,
  flow: Flow,
  encoding: FeatureEncoding,
  validation: ColumnTable,
  signal: AbortSignal | undefined,
): Promise<Float64Array> {
  const size = Math.min(validation.size, MOST_ROWS);
  const rows = Int32Array.from({ length: size }, (_, i) => Math.floor((i * validation.size) / size));
  const table = validation.size === size ? validation : columnsOf(validation.select(rows));
  await initBackend(backend === 'tfjs-cpu' ? 'cpu' : 'wasm');
  const scorer = await heldOutScorer([flow], backend);
  try {
    return await noisyLogDensities({ scorer, encoding, references: [encoding] }, table, seed, signal);
  } finally {
    scorer.dispose();
  }
}

/** Mean of −log p with its standard error, of the rows with a density. */
export function meanNll(logDensityNats: Float64Array): { readonly nllNats: number; readonly standardError: number } {
  const finite = logDensityNats.filter(Number.isFinite);
  const mean = finite.reduce((sum, logP) => sum + logP / finite.length, 0);
  const variance = finite.reduce((sum, logP) => sum + (logP - mean) ** 2, 0) / Math.max(1, finite.length - 1);
  return { nllNats: -mean, standardError: Math.sqrt(variance / finite.length) };
}
