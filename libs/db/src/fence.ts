import type { ScoredBatch } from '@flowline/events';

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
