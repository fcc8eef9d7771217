import type { Subscriber } from 'rxjs';

import type { SourceBatch } from './event-source.ts';

/**
 * Hands a batch to a source's subscriber and waits until it is stored: the step that makes a source pull-shaped.
 * @returns true once `done` was called; false where the subscriber has left before, so that the batch may not be stored.
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
