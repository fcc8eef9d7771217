import { FlowlineError } from '@flowline/events';

import { minimumRows } from '../minimum-rows.ts';
import { upperBound } from '../sorted.ts';
import { type RowRange, sizeOf } from './split-by-time.ts';

/** Parts of the rows that a model's weights have not seen, the older first. */
export interface UnseenSplit {
  readonly calibration: RowRange;
  readonly test: RowRange;
}

/** Share of the unseen rows that are tested on: the newest, half as many as calibrate. */
const TEST_SHARE = 1 / 3;

/**
 * Splits the rows after a time, up to which a model was trained and validated. Rows of the same
 * time stay together, in the older part.
 * @param timesMs ascending.
 * @throws FlowlineError FLOWLINE_HISTORY_TOO_SMALL.
 */
export function splitUnseen(timesMs: Float64Array, seenToMs: number): UnseenSplit {
  const [start, end] = [upperBound(timesMs, seenToMs), timesMs.length];
  let testStart = Math.round(end - (end - start) * TEST_SHARE);
  while (testStart > start && testStart < end && timesMs[testStart] === timesMs[testStart - 1]) testStart++;
  const split = { calibration: { start, end: testStart }, test: { start: testStart, end } };
  const rows = sizeOf(split.calibration);
  if (rows >= minimumRows.calibration && sizeOf(split.test) > 0) return split;
  const least = `at least ${minimumRows.calibration} are needed, and newer ones to test on`;
  throw new FlowlineError('FLOWLINE_HISTORY_TOO_SMALL', `${rows} rows are left to calibrate on; ${least}.`, {
    where: 'spec.history.query',
    remedy: 'Recalibrate once the history holds more rows that are newer than those the champion was trained on.',
  });
}
