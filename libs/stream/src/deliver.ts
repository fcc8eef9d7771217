import type { Subscriber } from 'rxjs';

import type { SourceBatch } from './event-source.ts';

/**
 * Hands a batch to the subscriber of a source and waits until it is stored, which is what makes a
 * source pull-shaped.
 * @returns true once `done` was called; false if the subscriber left first, in which case the batch
 * may not be stored.
 */
export function deliver(subscriber: Subscriber<SourceBatch>, batch: Omit<SourceBatch, 'done'>): Promise<boolean> {
  if (subscriber.closed) return Promise.resolve(false);
  return new Promise((resolve) => {
    const left = (): void => resolve(false);
    subscriber.add(left);
    subscriber.next({
      ...batch,
      done: () => {
        subscriber.remove(left);
        resolve(true);
      },
    });
  });
}
