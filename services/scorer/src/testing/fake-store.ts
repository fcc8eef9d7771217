import { at } from '@flowline/events';
import type { CommitReport, ScoredBatch } from '@flowline/events';

import type { Store } from '../steps/commit.ts';

/** An in-memory store with the fence of the real one. */
export class FakeStore implements Store {
  readonly batches: ScoredBatch[] = [];
  readonly next = new Map<number, number>();
  /** Failures of the next commits, in order. */
  readonly failures: Error[] = [];
  attempts = 0;

  commit(batch: ScoredBatch): Promise<CommitReport> {
    this.attempts++;
    const failure = this.failures.shift();
    if (failure !== undefined) return Promise.reject(failure);
    const fence = this.next.get(batch.partition) ?? 0;
    const isNew = (offset: number): boolean => offset >= fence;
    const stored = [...batch.offsets].filter(isNew).length;
    const deadLetters = batch.deadLetters.filter(({ offset }) => isNew(offset)).length;
    const anomalies = batch.anomalies.filter(({ row }) => isNew(at(batch.offsets, row))).length;
    this.next.set(batch.partition, Math.max(fence, batch.nextOffset));
    this.batches.push(batch);
    const alreadyStored = batch.size + batch.deadLetters.length - stored - deadLetters;
    return Promise.resolve({ stored, alreadyStored, anomalies, deadLetters, refused: 0 });
  }

  /** Stored offsets of a partition, in commit order. */
  offsets(partition: number): number[] {
    return this.batches.filter((batch) => batch.partition === partition).flatMap(({ offsets }) => [...offsets]);
  }
}
