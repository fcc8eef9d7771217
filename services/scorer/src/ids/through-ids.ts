import type { BatchIds } from '@flowline/events';

import type { ReadableBatch } from '../decoding/event-reader.ts';
import type { EventsWithPast } from '../windows/through-windows.ts';
import type { PartitionIds } from './partition-ids.ts';

/** Ids of a batch's events; absent if repeats are events like others. */
export interface WithIds {
  readonly ids?: BatchIds;
}

/**
 * Decodes batches in the light of the ids that their partition has had: repeats are set aside
 * before windows see them. A partition's batches must come one at a time, in order.
 */
export function throughIds<B extends ReadableBatch>(
  partitions: PartitionIds,
  decode: (batch: B) => Promise<B & EventsWithPast>,
): (batch: B) => Promise<B & EventsWithPast & WithIds> {
  return async (batch) => {
    const rules = batch.reader.repeats ?? null;
    if (rules === null) return decode(batch);
    const repeats = await partitions.open(batch.source, rules);
    const decoded = await decode({ ...batch, repeats });
    // Entities of other partitions: these records may be sent again, to theirs.
    const strays = decoded.events.deadLetters.filter(({ reason }) => reason === 'scattered_entity');
    repeats.forget(strays.map(({ offset }) => offset));
    return { ...decoded, ids: partitions.close(batch.source, repeats) };
  };
}
