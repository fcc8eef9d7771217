import type { SourceBatch } from '@flowline/stream';

import { type DecodedEvents, prepareBatch } from './decode-events.ts';
import type { ModelLease } from './detector-holder.ts';

/** A batch of a source as events of one model: the champion when the batch came. */
export interface DecodedBatch {
  readonly source: SourceBatch;
  readonly lease: ModelLease;
  readonly events: DecodedEvents;
}

/** Where the model of the next batch comes from. */
export interface Models {
  acquire(): ModelLease;
}

/** Kafka record → events, or dead letters, under the champion of this moment. */
export function decode(models: Models): (source: SourceBatch) => Promise<DecodedBatch> {
  return async (source) => {
    const lease = models.acquire();
    await prepareBatch(lease.model.format, source);
    return { source, lease, events: lease.model.decode(source) };
  };
}
