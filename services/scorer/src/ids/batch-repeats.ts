import type { BatchIds, DuplicateEvent, IdsPosition } from '@flowline/events';
import type { SourceRecord } from '@flowline/stream';

import type { IdHasher } from './id-hasher.ts';
import type { IdRing } from './id-ring.ts';

/** Tells repeats among the records of a batch, which must come in offset order. */
export interface Repeats {
  /** True, and noted, if an earlier event has the id of this one. */
  isRepeat(eventId: string, record: SourceRecord, eventTimeMs: number): boolean;
  /** Adds the id of an event that is no repeat. */
  add(eventId: string, record: SourceRecord): void;
  /** Forgets the ids of records of the batch that are not accepted. */
  forget(offsets: readonly number[]): void;
}

/** State of a partition when a batch begins. */
export interface RepeatState {
  readonly ring: IdRing;
  readonly hasher: IdHasher;
  /** Records below this offset were decided before: these of them are repeats. */
  readonly decidedTo: number;
  readonly duplicates: ReadonlySet<number>;
}

/** Parts of the ids of a batch that only its partition knows. */
export type PartitionPart = Pick<BatchIds, 'run' | 'decidedFrom' | 'mergeFrom'> & { readonly follows: IdsPosition };

/** Repeats and new ids of one batch. */
export class BatchRepeats implements Repeats {
  readonly #state: RepeatState;
  readonly #duplicates: DuplicateEvent[] = [];
  /** Number of the first entry that the batch adds. */
  readonly begin: number;
  readonly #keptBefore: number;
  #hashed: string | null = null;

  constructor(state: RepeatState) {
    this.#state = state;
    this.begin = state.ring.next;
    this.#keptBefore = state.ring.first;
  }

  isRepeat(eventId: string, record: SourceRecord, eventTimeMs: number): boolean {
    const { ring, decidedTo, duplicates } = this.#state;
    const { offset, timestampMs } = record;
    if (offset < decidedTo) {
      if (!duplicates.has(offset)) return false;
      // It is stored already, and only counted.
      this.#note(eventId, record, eventTimeMs, record);
      return true;
    }
    const { high, low } = this.#hash(eventId);
    const first = ring.find(high, low, timestampMs);
    if (first < 0) return false;
    this.#note(eventId, record, eventTimeMs, { offset: ring.offsetOf(first), timestampMs: ring.timeOf(first) });
    return true;
  }

  add(eventId: string, { offset, timestampMs }: SourceRecord): void {
    const { ring, decidedTo } = this.#state;
    if (offset < decidedTo) return;
    const { high, low } = this.#hash(eventId);
    ring.add(high, low, offset, timestampMs);
  }

  forget(offsets: readonly number[]): void {
    const { ring, decidedTo } = this.#state;
    // What is stored stays, also if another model would not accept the event.
    for (const offset of offsets) if (offset >= decidedTo) ring.forget(offset);
  }

  /** Ids of the batch in the form in which they are stored. */
  finish(part: PartitionPart, limited: boolean): BatchIds {
    const { ring } = this.#state;
    return {
      ...part,
      limited,
      duplicates: this.#duplicates,
      added: ring.since(this.begin),
      keepFrom: ring.first,
      keptBefore: this.#keptBefore,
    };
  }

  #note(
    eventId: string,
    { offset, timestampMs: recordTimeMs }: SourceRecord,
    eventTimeMs: number,
    first: Pick<SourceRecord, 'offset' | 'timestampMs'>,
  ): void {
    const times = { eventTimeMs, recordTimeMs, firstRecordTimeMs: first.timestampMs };
    this.#duplicates.push({ offset, eventId, firstOffset: first.offset, ...times });
  }

  #hash(eventId: string): IdHasher {
    const { hasher } = this.#state;
    // An event is looked up, then added.
    if (eventId !== this.#hashed) hasher.hash(eventId);
    this.#hashed = eventId;
    return hasher;
  }
}
