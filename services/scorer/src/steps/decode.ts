import type { BatchEntities } from '@flowline/events';
import type { SourceBatch } from '@flowline/stream';

import { type DecodedEvents, type DecodeEvents, prepareBatch } from '../decoding/record-decoder.ts';
import { type EventsInForce, readInForce } from '../decoding/decoder-in-force.ts';
import type { ModelLease } from '../champion/champion-holder.ts';
import type { PartitionWindows, WindowsMaker } from '../windows/partition-windows.ts';
import { withoutStrays } from '../windows/without-strays.ts';

/** A source batch as events of one model, the champion at the time the batch arrived. */
export interface DecodedBatch {
  readonly source: SourceBatch;
  readonly lease: ModelLease;
  readonly events: DecodedEvents;
  /** Entities of the events; null if events stand alone. */
  readonly entities: BatchEntities | null;
  /**
   * Events as the definition in force reads them. Null if the model has the features in force, or
   * if the detector does not learn from its events.
   */
  readonly inForce: EventsInForce | null;
}

/** Source of the model for the next batch. */
export interface Models {
  acquire(): ModelLease;
}

/**
 * Decodes Kafka records to events or dead letters, under the current champion and with the past of
 * their entities.
 */
export function decode(models: Models, partitions: PartitionWindows): (source: SourceBatch) => Promise<DecodedBatch> {
  return async (source) => {
    const lease = models.acquire();
    const { model } = lease;
    await prepareBatch(model.format, source);
    const inForce = model.inForce && readInForce(source, model.inForce);
    const decoded = await decodeWithPast(source, model, partitions);
    return { source, lease, ...decoded, inForce };
  };
}

/**
 * Decodes a batch with the past of its partition's entities, and updates that past. An event
 * becomes a dead letter if another partition holds the past of its entity.
 */
export async function decodeWithPast(
  source: SourceBatch,
  { windows: maker, decode: decodeEvents }: { readonly windows: WindowsMaker | null; readonly decode: DecodeEvents },
  partitions: PartitionWindows,
): Promise<Pick<DecodedBatch, 'events' | 'entities'>> {
  const windows = await partitions.of(source, maker);
  const decoded = decodeEvents(source, windows);
  if (windows === null || decoded.entities === null) return { events: decoded, entities: null };
  const strays = await partitions.strays(source, windows);
  const events = strays.size === 0 ? decoded : withoutStrays(source, decoded, strays);
  const names = events.entities ?? [];
  return { events, entities: { key: windows.key, names, ...(await partitions.toStore(source, windows, names)) } };
}
