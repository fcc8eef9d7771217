import { discoveriesBehind, type StoredDiscoveries } from '@flowline/db';
import { lordThresholds, partitionWealth } from '@flowline/detector';
import { advanceDiscoveries, type BatchDiscoveries, type DiscoveryState, newDiscoveries } from '@flowline/events';
import type { SourceBatch } from '@flowline/stream';

/** Storage of what has been discovered in a partition: Postgres. */
export interface DiscoveryStore {
  read(stream: Pick<SourceBatch, 'topic' | 'partition'>): Promise<StoredDiscoveries>;
}

/** Events of a batch to be tested. */
interface Tests {
  readonly offsets: Float64Array;
  readonly pValues: Float64Array;
}

interface Partition {
  /** State after the records before `readTo`; null if nothing was tested. */
  state: DiscoveryState | null;
  /** Fence at which the state was read. */
  readonly decidedFrom: number;
  /** Records before this offset have been decided. */
  readTo: number;
}

/**
 * Discoveries in the partitions that one opening of a source reads, for control of the false
 * discovery rate. The state of a partition is read before its first batch, and again whenever a
 * batch does not follow the one before. The transaction that stores a batch makes sure that nobody
 * else has tested events of the partition since; if somebody has, the source is opened again, with
 * another of these.
 */
export class PartitionDiscoveries {
  readonly #store: DiscoveryStore;
  readonly #partitions = new Map<string, Partition>();

  constructor(store: DiscoveryStore) {
    this.#store = store;
  }

  /**
   * Tests the events of a batch at a level. Batches of a partition come one at a time, in order.
   * @throws FlowlineError FLOWLINE_DISCOVERIES_BEHIND if records before the batch are not stored
   * yet, and were not decided here.
   */
  async decide(batch: SourceBatch, level: number, { offsets, pValues }: Tests): Promise<BatchDiscoveries> {
    const found = this.#partitions.get(key(batch));
    const known = found?.readTo === batch.fromOffset ? found : await this.#restored(batch);
    const { state: follows, decidedFrom } = known;
    const before = follows?.level === level ? follows : newDiscoveries(level);
    const firstRow = offsets.findIndex((offset) => offset >= decidedFrom);
    const thresholds = new Float64Array(offsets.length);
    if (firstRow >= 0) {
      const wealth = partitionWealth(level, batch.partition);
      thresholds.set(lordThresholds(wealth, before, pValues.subarray(firstRow)), firstRow);
    }
    const after = advanceDiscoveries(before, thresholds, pValues);
    known.state = after.tests === before.tests ? follows : after;
    known.readTo = batch.nextOffset;
    this.#partitions.set(key(batch), known);
    return { follows, before, decidedFrom, thresholds, refused: 0 };
  }

  /** Lets a batch pass whose anomalies a fixed alpha decides. */
  pass(batch: SourceBatch): void {
    const found = this.#partitions.get(key(batch));
    if (found?.readTo === batch.fromOffset) found.readTo = batch.nextOffset;
  }

  async #restored({ topic, partition, fromOffset }: SourceBatch): Promise<Partition> {
    const { nextOffset, state } = await this.#store.read({ topic, partition });
    if (fromOffset > nextOffset) throw discoveriesBehind(topic, partition);
    return { state, decidedFrom: nextOffset, readTo: fromOffset };
  }
}

const key = ({ topic, partition }: Pick<SourceBatch, 'topic' | 'partition'>): string => `${topic}/${partition}`;
