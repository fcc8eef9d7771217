import type { Scores } from '@flowline/detector';

import type { WithIds } from '../ids/through-ids.ts';
import type { EventsWithPast } from '../windows/through-windows.ts';
import type { LeasedBatch } from './lease.ts';

/** A batch as events of one model, the champion at the time the batch arrived. */
export type DecodedBatch = LeasedBatch & EventsWithPast & WithIds;

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
