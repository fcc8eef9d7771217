import { discoveriesBehind, type StoredDiscoveries } from '@flowline/db';
import { advanceDiscoveries, type CommitReport, type DiscoveryState, type ScoredBatch } from '@flowline/events';
import { isDeepStrictEqual } from 'node:util';

import type { DiscoveryStore } from '../discoveries/partition-discoveries.ts';
import type { FakeStore } from './fake-store.ts';

/** Discoveries in the partitions of a {@link FakeStore}, as of its fences. */
export class FakeDiscoveryStore implements DiscoveryStore {
  readonly states = new Map<number, DiscoveryState>();
  readonly #store: Pick<FakeStore, 'next'>;
  reads = 0;

  constructor(store: Pick<FakeStore, 'next'>) {
    this.#store = store;
  }

  read({ partition }: { readonly partition: number }): Promise<StoredDiscoveries> {
    this.reads++;
    const nextOffset = this.#store.next.get(partition) ?? 0;
    return Promise.resolve({ nextOffset, state: this.states.get(partition) ?? null });
  }

  /** Stores a batch and its tests, as Postgres does. */
  commit(batch: ScoredBatch, store: FakeStore): Promise<CommitReport> {
    const { discoveries, partition, topic, pValues } = batch;
    if (discoveries !== undefined) {
      const { follows, before, thresholds } = discoveries;
      if (!isDeepStrictEqual(follows, this.states.get(partition) ?? null)) throw discoveriesBehind(topic, partition);
      this.states.set(partition, advanceDiscoveries(before, thresholds, pValues));
    }
    return store.commit(batch);
  }
}
