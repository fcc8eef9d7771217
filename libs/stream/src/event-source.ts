import type { Observable } from 'rxjs';

import type { Undecodable } from './record-decoder.ts';
import type { RecordHeaders } from './record-headers.ts';

/** One record of a source, undecoded. */
export interface SourceRecord {
  /** Offset, strictly increasing within a partition. Gaps are normal. */
  readonly offset: number;
  readonly key: Uint8Array | null;
  /**
   * Value; null is a tombstone. A source that truncates oversized values keeps at least one byte
   * more than the limit.
   */
  readonly value: Uint8Array | null;
  readonly headers: RecordHeaders;
  /** Milliseconds since the epoch. */
  readonly timestampMs: number;
  /** Reason why the source could not read the record; its value is then null. */
  readonly fault?: Undecodable;
}

/** Consecutive records of one partition, in offset order. */
export interface SourceBatch {
  readonly topic: string;
  /**
   * Id of the topic, which tells apart topics that have had the same name; null for a source
   * without Kafka topics.
   */
  readonly topicId: string | null;
  readonly partition: number;
  /** First offset of the batch: the `nextOffset` of the batch before it. */
  readonly fromOffset: number;
  /** Records, possibly none; an empty batch only advances the partition's next offset. */
  readonly records: readonly SourceRecord[];
  /** Offset to read next once this batch is stored; greater than the offset of the last record. */
  readonly nextOffset: number;
  /** Tells the source that the batch is stored. Batches of a partition are stored in order. */
  readonly done: () => void;
}

/**
 * Source of events. It is pull-shaped: at most two batches of a partition are in flight, and the
 * next one is fetched only after `done` of the first. Memory is therefore bounded by the batch
 * size.
 */
export interface EventSource {
  /** True if the source completes by itself. */
  readonly finite: boolean;
  /**
   * Cold stream of batches: subscribing starts the source, unsubscribing stops it at once.
   * Completes at the end of a finite source and after `stop`. Fails with a FlowlineError.
   */
  readonly batches$: Observable<SourceBatch>;
  /** Stops fetching: the batches in flight finish, then `batches$` completes. */
  stop(): void;
}
