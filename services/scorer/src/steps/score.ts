import type { Scores } from '@flowline/detector';

import type { DecodedBatch } from './decode.ts';

/** A batch with the log-density and p-value of each event. */
export interface ScoredEvents extends DecodedBatch {
  readonly scores: Scores;
}

/**
 * Scores a batch with the model that it was decoded for: features → flow (log p) → calibrate
 * (p-value).
 */
export async function score(batch: DecodedBatch): Promise<ScoredEvents> {
  return { ...batch, scores: await batch.lease.model.detector.score(batch.events.table) };
}
