import type { Models } from '../steps/lease.ts';
import type { ModelLease } from './champion-holder.ts';

/**
 * Leases of one run of the pipeline. Those of batches that were dropped midway are released with
 * it.
 */
export interface LeaseScope extends Models {
  releaseAll(): void;
}

/** Takes leases from `models` and tracks them until they are released. */
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
