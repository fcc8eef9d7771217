import type { HistoryBatch, HistorySummary } from '@flowline/db';
import { at } from '@flowline/events';

/** Number of rows of a history without a usable time, and an example of an invalid one. */
export type TimelessRows = Pick<HistorySummary, 'rowsWithoutTime' | 'badTimes'>;

/** Adds the rows of a batch without a usable time. The example is the first in text order. */
export function countTimeless(
  { rowsWithoutTime, badTimes }: TimelessRows,
  { size, timesMs, badTimes: texts }: HistoryBatch,
): TimelessRows {
  let { rows, example } = badTimes;
  let without = rowsWithoutTime;
  for (let row = 0; row < size; row++) {
    if (!Number.isNaN(at(timesMs, row))) continue;
    const text = texts?.[row];
    if (typeof text !== 'string') {
      without++;
      continue;
    }
    rows++;
    if (example === null || text < example) example = text;
  }
  return { rowsWithoutTime: without, badTimes: { rows, example } };
}
