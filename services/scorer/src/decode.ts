import type { BatchEntities } from '@flowline/events';
import type { SourceBatch } from '@flowline/stream';

import { type DecodedEvents, type DecodeEvents, prepareBatch } from './decode-events.ts';
import type { ModelLease } from './detector-holder.ts';
import type { PartitionWindows, WindowsMaker } from './partition-windows.ts';

/** A batch of a source as events of one model: the champion when the batch came. */
export interface DecodedBatch {
  readonly source: SourceBatch;
  readonly lease: ModelLease;
  readonly events: DecodedEvents;
  /** null where events stand alone. */
  readonly entities: BatchEntities | null;
}

/** Where the model of the next batch comes from. */
export interface Models {
  acquire(): ModelLease;
}

/** Kafka record → events, or dead letters, under the champion of this moment and with the past of their entities. */
export function decode(models: Models, partitions: PartitionWindows): (source: SourceBatch) => Promise<DecodedBatch> {
  return async (source) => {
    const lease = models.acquire();
    await prepareBatch(lease.model.format, source);
    return { source, lease, ...decodeWithPast(source, lease.model, partitions) };
  };
}

/** Decodes a batch with the past of its partition's entities, which then has seen it. */
export function decodeWithPast(
  source: SourceBatch,
  { windows: maker, decode: decodeEvents }: { readonly windows: WindowsMaker | null; readonly decode: DecodeEvents },
  partitions: PartitionWindows,
): Pick<DecodedBatch, 'events' | 'entities'> {
  const windows = partitions.of(source, maker);
  const events = decodeEvents(source, windows);
  const { entities: names } = events;
  if (windows === null || names === null) return { events, entities: null };
  const added = windows.takeNewEntities();
  return { events, entities: { names, added, ...partitions.toStore(source, windows, names) } };
}
