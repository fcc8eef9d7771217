import { at, type EventBatch, type ScoredBatch } from '@flowline/events';

/** Fence of a stream: everything below `nextOffset`, of this topic id, is stored. */
export interface Fence {
  readonly nextOffset: number;
  /** Id of the topic; null if unknown. */
  readonly topicId: string | null;
}

/**
 * Reason why a batch may not be stored behind a fence; null if it may. `another topic`: its records
 * belong to a topic that was deleted, or to a later one of the same name. `rewound`: records before
 * it are no longer stored, and storing it would leave a gap. Pure.
 */
export function refusal(
  { topicId, fromOffset }: Pick<EventBatch, 'topicId' | 'fromOffset'>,
  fence: Fence,
): 'another topic' | 'rewound' | null {
  if (topicId !== null && fence.topicId !== null && topicId !== fence.topicId) return 'another topic';
  return fence.nextOffset < fromOffset ? 'rewound' : null;
}

/**
 * First row of a batch that is not stored yet, given that everything below the offset `fence` is;
 * `size` if all rows are stored. Row offsets increase, and gaps between them are normal. Pure, so
 * that thousands of schedules can be tested.
 */
export function firstRowBeyond({ offsets, size }: Pick<ScoredBatch, 'offsets' | 'size'>, fence: number): number {
  let low = 0;
  let high = size;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (at(offsets, middle) < fence) low = middle + 1;
    else high = middle;
  }
  return low;
}
