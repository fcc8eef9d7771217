import type { Models } from './decode.ts';
import type { ModelLease } from './detector-holder.ts';

/** Leases of one run of the pipeline: those of batches that were dropped in the middle are released with it. */
export interface LeaseScope extends Models {
  releaseAll(): void;
}

/** Takes leases of `models` and remembers them until they are released. */
export function leaseScope(models: Models): LeaseScope {
  const open = new Set<ModelLease>();
  return {
    acquire: () => {
      const lease = models.acquire();
      const tracked: ModelLease = {
        model: lease.model,
        release: () => {
          open.delete(tracked);
          lease.release();
        },
      };
      open.add(tracked);
      return tracked;
    },
    releaseAll: () => {
      for (const lease of [...open]) lease.release();
    },
  };
}
