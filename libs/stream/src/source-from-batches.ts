import { Observable } from 'rxjs';

import { deliver } from './deliver.ts';
import type { EventSource, SourceBatch } from './event-source.ts';

/**
 * A finite source of one batch after the other, from a generator that is asked for a batch only when the one before is stored.
 * @param open starts reading; called once a subscription. The signal is aborted when the subscriber leaves.
 */
export function sourceFromBatches(
  open: (signal: AbortSignal) => AsyncIterable<Omit<SourceBatch, 'done'>> | Iterable<Omit<SourceBatch, 'done'>>,
): EventSource {
  const stopped = new AbortController();
  const batches$ = new Observable<SourceBatch>((subscriber) => {
    const left = new AbortController();
    subscriber.add(() => left.abort());
    // A reader that waits for input is woken by either.
    const signal = AbortSignal.any([left.signal, stopped.signal]);
    const pump = async (): Promise<void> => {
      for await (const batch of open(signal)) {
        if (signal.aborted || !(await deliver(subscriber, batch))) break;
      }
    };
    pump().then(
      () => subscriber.complete(),
      (error: unknown) => {
        if (signal.aborted) subscriber.complete();
        else subscriber.error(error);
      },
    );
  });
  return { finite: true, batches$, stop: () => stopped.abort() };
}
