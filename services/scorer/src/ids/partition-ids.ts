import { idsBehind } from '@flowline/db';
import { type BatchIds, type IdsPosition, inShortTurns, type StoredIds } from '@flowline/events';
import type { SourceBatch } from '@flowline/stream';

import { BatchRepeats } from './batch-repeats.ts';
import { IdHasher } from './id-hasher.ts';
import { IdRing } from './id-ring.ts';
import type { RepeatRules } from './repeat-rules.ts';

/** Storage of a partition's ids: Postgres. */
export interface IdStore {
  /** Ids as of the fence, and the repeats among records from an offset on that are read again. */
  read(
    stream: Pick<SourceBatch, 'topic' | 'topicId' | 'partition'> & { readonly fromOffset: number },
  ): Promise<StoredIds>;
}

/** Entries from which a piece counts as large. Smaller ones are merged once there are many. */
const LARGE_PIECE = 1_024;
const SMALL_PIECES = 64;
/** Runs are told apart by random numbers below this one. */
const RUNS = 2 ** 48;

interface Partition {
  readonly field: string;
  readonly ring: IdRing;
  readonly hasher: IdHasher;
  /** Fence at which the ids were restored, and the repeats below it. */
  readonly decidedTo: number;
  readonly duplicates: ReadonlySet<number>;
  readonly run: number;
  /** Records before this offset have been read. */
  readTo: number;
  position: IdsPosition;
  /** Small pieces at the end, and the number of their first entry. */
  small: { readonly from: number; readonly pieces: number };
}

/**
 * Event ids of the partitions that one run of a detector reads. Those of a partition are restored
 * before its first batch, and again whenever a batch does not follow the one before. A repeat is
 * told by the stored ids, those of the batches in flight and the batch itself; the transaction that
 * stores it makes sure that nobody else has added to them.
 */
export class PartitionIds {
  readonly #store: IdStore;
  readonly #onLimit: (stream: { readonly topic: string; readonly partition: number }) => void;
  readonly #partitions = new Map<string, Partition>();

  /** @param onLimit called when a batch makes a partition forget ids because of `maxIds`. */
  constructor(
    store: IdStore,
    onLimit: (stream: { readonly topic: string; readonly partition: number }) => void = () => undefined,
  ) {
    this.#store = store;
    this.#onLimit = onLimit;
  }

  /** Keeps the ids of these partitions of a topic and drops those of its others. */
  retain(topic: string, partitions: readonly number[]): void {
    const kept = new Set(partitions.map((partition) => key({ topic, partition })));
    for (const name of this.#partitions.keys()) {
      if (name.startsWith(`${topic}/`) && !kept.has(name)) this.#partitions.delete(name);
    }
  }

  /**
   * Prepares for the records of a batch.
   * @throws FlowlineError FLOWLINE_EVENT_IDS_BEHIND if records before the batch are not stored yet,
   * and were not read by this run: it was read before the partition was assigned anew.
   */
  async open(batch: SourceBatch, rules: RepeatRules): Promise<BatchRepeats> {
    const found = this.#partitions.get(key(batch));
    const follows = found?.readTo === batch.fromOffset && found.field === rules.field;
    const known = follows ? found : await this.#restored(batch, rules);
    this.#partitions.set(key(batch), known);
    known.readTo = batch.nextOffset;
    known.ring.bound(rules);
    const { length } = batch.records;
    if (!known.ring.hasRoom(length)) await inShortTurns(known.ring.reserve(length));
    return new BatchRepeats(known);
  }

  /**
   * Ends a batch. Returns its ids in the form in which they are stored with it.
   * @throws FlowlineError FLOWLINE_EVENT_IDS_BEHIND if the partition was assigned to another worker
   * since the batch was opened.
   */
  close(batch: SourceBatch, repeats: BatchRepeats): BatchIds {
    const known = this.#partitions.get(key(batch));
    if (known === undefined) throw idsBehind(batch.topic, batch.partition);
    const { run, position: follows, decidedTo } = known;
    const limited = known.ring.takeLimited();
    if (limited) this.#onLimit(batch);
    const added = known.ring.next - repeats.begin;
    const merges = added > 0 && added < LARGE_PIECE && known.small.pieces >= SMALL_PIECES;
    const decidedFrom = Math.max(batch.fromOffset, decidedTo);
    const mergeFrom = merges ? known.small.from : null;
    const ids = repeats.finish({ run, follows, decidedFrom, mergeFrom }, limited);
    if (added > 0) {
      known.position = { run, end: known.ring.next };
      const isLarge = merges || added >= LARGE_PIECE;
      known.small = isLarge ? { from: known.ring.next, pieces: 0 } : { ...known.small, pieces: known.small.pieces + 1 };
    }
    return ids;
  }

  /** Forgets the ids of events that Postgres refused: they are dead letters. */
  refused(batch: SourceBatch, offsets: readonly number[]): void {
    const known = this.#partitions.get(key(batch));
    if (known !== undefined) for (const offset of offsets) known.ring.forget(offset);
  }

  /** Number of ids remembered. */
  get size(): number {
    return [...this.#partitions.values()].reduce((sum, { ring }) => sum + ring.size, 0);
  }

  async #restored(batch: SourceBatch, rules: RepeatRules): Promise<Partition> {
    const { topic, topicId, partition, fromOffset } = batch;
    const stored = await this.#store.read({ topic, topicId, partition, fromOffset });
    if (fromOffset > stored.nextOffset) throw idsBehind(topic, partition);
    const ring = new IdRing(rules, stored.keepFrom);
    for (const piece of stored.pieces) await inShortTurns(ring.restore(piece));
    return {
      field: rules.field,
      ring,
      hasher: new IdHasher(rules.field),
      decidedTo: stored.nextOffset,
      duplicates: new Set(stored.duplicates),
      run: Math.floor(Math.random() * RUNS),
      readTo: fromOffset,
      position: stored.position,
      small: { from: stored.position.end, pieces: 0 },
    };
  }
}

const key = ({ topic, partition }: Pick<SourceBatch, 'topic' | 'partition'>): string => `${topic}/${partition}`;
