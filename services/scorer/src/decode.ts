import type { BatchEntities } from '@flowline/events';
import type { SourceBatch } from '@flowline/stream';

import { type DecodedEvents, prepareBatch } from './decode-events.ts';
import type { ModelLease } from './detector-holder.ts';
import type { PartitionWindows } from './partition-windows.ts';

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
    const { model } = lease;
    const windows = model.windows === null ? null : partitions.of(source, model.windows);
    const events = model.decode(source, windows);
    const entities =
      windows === null || events.entities === null
        ? null
        : { names: events.entities, added: windows.takeNewEntities(), windows: partitions.toStore(source, windows) };
    return { source, lease, events, entities };
  };
}
