import type { BatchEntities } from '@flowline/events';
import type { SourceBatch } from '@flowline/stream';

import { type DecodedEvents, type DecodeEvents, prepareBatch } from './decode-events.ts';
import { type EventsInForce, readInForce } from './decoder-in-force.ts';
import type { ModelLease } from './detector-holder.ts';
import type { PartitionWindows, WindowsMaker } from './partition-windows.ts';
import { withoutStrays } from './without-strays.ts';

/** A batch of a source as events of one model: the champion when the batch came. */
export interface DecodedBatch {
  readonly source: SourceBatch;
  readonly lease: ModelLease;
  readonly events: DecodedEvents;
  /** null where events stand alone. */
  readonly entities: BatchEntities | null;
  /** null where the model's features are those in force, or nothing is learnt from events. */
  readonly inForce: EventsInForce | null;
}

/** Where the model of the next batch comes from. */
export interface Models {
  acquire(): ModelLease;
}

/** Kafka record → events, or dead letters, under the champion of this moment and with the past of their entities. */
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
 * Decodes a batch with the past of its partition's entities, which then has seen it. An event of an entity whose past another
 * partition holds becomes a dead letter.
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
