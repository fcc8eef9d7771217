import type { Observable } from 'rxjs';

import type { Undecodable } from './record-decoder.ts';
import type { RecordHeaders } from './record-headers.ts';

/** One record of a source, as it came. */
export interface SourceRecord {
  /** Strictly increasing within a partition; gaps are normal. */
  readonly offset: number;
  readonly key: Uint8Array | null;
  /** null is a tombstone. A source that cuts off what is over the size limit keeps at least one byte more than the limit. */
  readonly value: Uint8Array | null;
  readonly headers: RecordHeaders;
  /** Milliseconds since the epoch. */
  readonly timestampMs: number;
  /** Why the source could not read the record; its value is null then. */
  readonly fault?: Undecodable;
}

/** A run of records of one partition, in offset order. */
export interface SourceBatch {
  readonly topic: string;
  /** Which topic of that name, as Kafka tells them apart; null where the source has no topics of Kafka's. */
  readonly topicId: string | null;
  readonly partition: number;
  /** Where reading of it began: the `nextOffset` of the batch before. */
  readonly fromOffset: number;
  /** May be empty: then the batch only moves the partition's next offset. */
  readonly records: readonly SourceRecord[];
  /** The offset to read next once this batch is stored; beyond the last record's by at least one. */
  readonly nextOffset: number;
  /** Tells the source that the batch is stored; batches of a partition are stored in their order. */
  readonly done: () => void;
}

/**
 * Where events come from. Pull-shaped: at most two batches of a partition are in flight, and the one after them is fetched only after
 * `done` of the first, so memory is bounded by the batch size.
 */
export interface EventSource {
  /** Finite sources end by themselves. */
  readonly finite: boolean;
  /**
   * Cold: subscribing starts the source, unsubscribing drops it at once. Completes at the end of a finite source and after
   * `stop`; fails with a FlowlineError.
   */
  readonly batches$: Observable<SourceBatch>;
  /** Asks the source to fetch no more: the batches in flight finish, then `batches$` completes. */
  stop(): void;
}
