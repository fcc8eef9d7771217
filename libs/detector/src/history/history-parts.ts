import { at } from '@flowline/events';
import type { ColumnTable } from '@flowline/features';

import type { HistoryParts } from '../bundle/bundle.ts';
import { type RowRange, sizeOf, type TimeSplit } from './split-by-time.ts';

function mapParts<T>(split: TimeSplit, of: (range: RowRange) => T): HistoryParts<T> {
  const { train, validation, calibration, test } = split;
  return { train: of(train), validation: of(validation), calibration: of(calibration), test: of(test) };
}

/** The four tables of a split history. */
export const partsOf = (table: ColumnTable, split: TimeSplit): HistoryParts<ColumnTable> =>
  mapParts(split, ({ start, end }) => table.slice(start, end));

/** Number of rows of each part. */
export const rowsOf = (split: TimeSplit): HistoryParts<number> => mapParts(split, sizeOf);

/** Times of the first and the last row of each part, in milliseconds since the epoch. */
export const timesOf = (
  timesMs: Float64Array,
  split: TimeSplit,
): HistoryParts<{ readonly fromMs: number; readonly toMs: number }> =>
  mapParts(split, ({ start, end }) => ({ fromMs: at(timesMs, start), toMs: at(timesMs, end - 1) }));
