import type { Scores } from '@flowline/detector';

import type { DecodedBatch } from './decode.ts';

/** A batch with the density and p-value of each event. */
export interface ScoredEvents extends DecodedBatch {
  readonly scores: Scores;
}

/** features → flow (log p) → calibrate (p-value): the scores of a batch, by the model it was decoded for. */
export async function score(batch: DecodedBatch): Promise<ScoredEvents> {
  return { ...batch, scores: await batch.lease.model.detector.score(batch.events.table) };
}
