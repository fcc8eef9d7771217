import { missing } from '@flowline/events';

/** Number of rows that are marked with 1. */
export function countMarked(marks: Uint8Array): number {
  let count = 0;
  for (let row = 0; row < marks.length; row++) count += marks[row] ?? missing(marks, row);
  return count;
}
