import { Observable } from 'rxjs';

import { deliver } from './deliver.ts';
import type { EventSource, SourceBatch } from './event-source.ts';

/**
 * Creates a finite source from a generator of batches. The generator is asked for a batch only once
 * the batch before it is stored.
 * @param open starts reading; called once per subscription. The signal is aborted when the
 * subscriber leaves or the source is stopped.
 */
export function sourceFromBatches(
  open: (signal: AbortSignal) => AsyncIterable<Omit<SourceBatch, 'done'>> | Iterable<Omit<SourceBatch, 'done'>>,
): EventSource {
  const stopped = new AbortController();
  const batches$ = new Observable<SourceBatch>((subscriber) => {
    const left = new AbortController();
    subscriber.add(() => left.abort());
    // Either signal wakes a reader that waits for input.
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
