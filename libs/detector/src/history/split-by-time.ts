import { FlowlineError } from '@flowline/events';

import { minimumRowsOf, type MinimumRows, orFitted } from '../minimum-rows.ts';
import type { FamilyChoice } from '../training/families.ts';

/** Rows [start, end) of a history in time order. */
export interface RowRange {
  readonly start: number;
  readonly end: number;
}

/** The four parts of a history, oldest first. */
export interface TimeSplit {
  readonly train: RowRange;
  /** Rows for early stopping and model selection. */
  readonly validation: RowRange;
  /** Rows for p-values. Never used for training or model selection. */
  readonly calibration: RowRange;
  /** The newest rows, for the report and the comparison with the champion. */
  readonly test: RowRange;
}

const VALIDATION_FRACTION = 0.1;
const TEST_FRACTION = 0.1;
/**
 * Splits a history by time: train, then validation (10 %), then calibration (its fraction), then
 * test (10 %). Rows with the same time stay together, in the older part, so that no part sees the
 * future of another.
 * @param timesMs ascending.
 * @param family family of the model, or those of its members, which says how many rows are needed
 * (default: Real NVP).
 * @throws FlowlineError FLOWLINE_HISTORY_TOO_SMALL.
 */
export function splitByTime(
  timesMs: ArrayLike<number>,
  calibrationFraction: number,
  family: FamilyChoice = 'realNVP',
): TimeSplit {
  const rows = timesMs.length;
  const boundary = (fraction: number): number => {
    let row = Math.round(rows * fraction);
    while (row > 0 && row < rows && timesMs[row] === timesMs[row - 1]) row++;
    return row;
  };
  const testStart = boundary(1 - TEST_FRACTION);
  const calibrationStart = boundary(1 - TEST_FRACTION - calibrationFraction);
  const validationStart = boundary(1 - TEST_FRACTION - calibrationFraction - VALIDATION_FRACTION);
  const split: TimeSplit = {
    train: { start: 0, end: validationStart },
    validation: { start: validationStart, end: calibrationStart },
    calibration: { start: calibrationStart, end: testStart },
    test: { start: testStart, end: rows },
  };
  const short = shortPart(split, minimumRowsOf(family));
  if (short !== null) {
    throw new FlowlineError('FLOWLINE_HISTORY_TOO_SMALL', `The history holds ${rows} usable rows: ${short}.`, {
      where: 'spec.history.query',
      remedy: `Widen history.lookback or the query; a few thousand rows are a start, 100,000 are good${orFitted(family)}.`,
    });
  }
  return split;
}

/** Number of rows of a range. */
export const sizeOf = (range: RowRange): number => range.end - range.start;

function shortPart(split: TimeSplit, minimumRows: MinimumRows): string | null {
  if (sizeOf(split.train) < minimumRows.train) {
    return `${sizeOf(split.train)} are left to train on, at least ${minimumRows.train} are needed`;
  }
  if (sizeOf(split.calibration) < minimumRows.calibration) {
    return `${sizeOf(split.calibration)} are left to calibrate on, at least ${minimumRows.calibration} are needed`;
  }
  if (sizeOf(split.validation) === 0) return 'none is left to validate on (too many rows share one time)';
  if (sizeOf(split.test) === 0) return 'none is left to test on (too many rows share one time)';
  return null;
}
