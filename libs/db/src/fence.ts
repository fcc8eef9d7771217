import type { EventBatch, ScoredBatch } from '@flowline/events';

/** How far a stream is stored: everything below `nextOffset`, of this life of its topic. */
export interface Fence {
  readonly nextOffset: number;
  /** null where it is not known which topic of that name it is. */
  readonly topicId: string | null;
}

/**
 * Why a batch may not be stored behind a fence; null where it may. `another topic`: its records are of a topic that was deleted, or of a
 * later one of the same name. `rewound`: records before it are not stored any more, and to store more would leave a hole. Pure.
 */
export function refusal(
  { topicId, fromOffset }: Pick<EventBatch, 'topicId' | 'fromOffset'>,
  fence: Fence,
): 'another topic' | 'rewound' | null {
  if (topicId !== null && fence.topicId !== null && topicId !== fence.topicId) return 'another topic';
  return fence.nextOffset < fromOffset ? 'rewound' : null;
}

/**
 * The first row of a batch that is not stored yet, where everything below the offset `fence` is; `size` where all of it is. Offsets of
 * rows increase, and gaps between them are normal. Pure, so that its schedules can be tried by the thousand.
 */
export function firstRowBeyond({ offsets, size }: Pick<ScoredBatch, 'offsets' | 'size'>, fence: number): number {
  let low = 0;
  let high = size;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((offsets[middle] ?? Infinity) < fence) low = middle + 1;
    else high = middle;
  }
  return low;
}
