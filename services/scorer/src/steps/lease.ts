import type { SourceBatch } from '@flowline/stream';

import type { ModelLease } from '../champion/champion-holder.ts';
import type { ReadableBatch } from '../decoding/event-reader.ts';

/** A source batch, and a lease of the champion at the time it arrived. */
export interface LeasedBatch extends ReadableBatch {
  readonly lease: ModelLease;
}

/** Source of the model for the next batch. */
export interface Models {
  acquire(): ModelLease;
}

/** Leases the current champion for each batch, which is read and scored by it. */
export function lease(models: Models): (source: SourceBatch) => LeasedBatch {
  return (source) => {
    const taken = models.acquire();
    return { source, lease: taken, reader: taken.model };
  };
}
