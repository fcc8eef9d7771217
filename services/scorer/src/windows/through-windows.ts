import type { BatchEntities } from '@flowline/events';
import type { EntityWindows } from '@flowline/features';
import type { SourceBatch } from '@flowline/stream';

import type { ReadableBatch } from '../decoding/event-reader.ts';
import type { DecodedEvents } from '../decoding/event-rows.ts';
import type { BatchEvents } from '../steps/decode.ts';
import type { PartitionWindows } from './partition-windows.ts';
import { withoutStrays } from './without-strays.ts';

/** Events of a batch, and their entities. */
export interface EventsWithPast extends BatchEvents {
  /** Entities of the events; null if events stand alone. */
  readonly entities: BatchEntities | null;
}

/**
 * Decodes batches in the past of their partition's entities. Before a batch, the windows of its
 * partition are opened, and its records count as read. After it, events whose entity belongs to
 * another partition are dead letters, the windows stand behind the batch, and a snapshot of them is
 * taken if one is due. A partition's batches must come one at a time, in order.
 */
export function throughWindows<B extends ReadableBatch>(
  partitions: PartitionWindows,
  decode: (batch: ReadableBatch, past: EntityWindows | null) => Promise<BatchEvents>,
): (batch: B) => Promise<B & EventsWithPast> {
  return async (batch) => {
    const { source, reader } = batch;
    const past = await partitions.open(source, reader.windows);
    const decoded = await decode(batch, past);
    if (past === null || decoded.events.entities === null) return { ...batch, ...decoded, entities: null };
    const events = await withoutEntitiesOfOthers(source, decoded.events, past, partitions);
    const names = events.entities ?? [];
    const snapshot = await partitions.advance(source, past, names);
    return { ...batch, ...decoded, events, entities: { key: past.key, names, ...snapshot } };
  };
}

async function withoutEntitiesOfOthers(
  source: SourceBatch,
  events: DecodedEvents,
  past: EntityWindows,
  partitions: PartitionWindows,
): Promise<DecodedEvents> {
  const strays = await partitions.strays(source, past);
  return strays.size === 0 ? events : withoutStrays(source, events, strays);
}
