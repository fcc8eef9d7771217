import { blocksOf, isAnomalous, type Steps } from '@flowline/events';

import { valueAt } from '../sorted.ts';
import { type CalibrationSet, patternPValue } from './calibration-set.ts';
import type { RowTraits } from './row-traits.ts';

/** Rows looked up between two steps. */
const BLOCK_ROWS = 8_192;

/** Rows with the scores that decide, a larger one more surprising, and their missing patterns. */
export interface JudgedRows {
  readonly scores: Float64Array;
  readonly missingPattern: Int32Array;
}

/** 1 for each row that raises an alarm at alpha, in the order of the rows and in steps. */
export function* alarmedRows(
  calibration: CalibrationSet,
  rows: JudgedRows,
  traits: RowTraits,
  alpha: number,
): Steps<Uint8Array> {
  return yield* alarmsAt(yield* rowPValues(calibration, rows, traits), alpha);
}

/** p-value of each row, in the order of the rows and in steps. */
export function* rowPValues(
  calibration: CalibrationSet,
  { scores, missingPattern }: JudgedRows,
  traits: RowTraits,
): Steps<Float64Array> {
  const pValues = new Float64Array(scores.length);
  for (const [start, end] of blocksOf(pValues.length, BLOCK_ROWS)) {
    for (let row = start; row < end; row++) {
      const { p } = patternPValue(calibration, valueAt(scores, row), valueAt(missingPattern, row), row, traits);
      pValues[row] = p;
    }
    yield;
  }
  return pValues;
}

/** 1 for each p-value that raises an alarm at alpha, in steps. */
export function* alarmsAt(pValues: Float64Array, alpha: number): Steps<Uint8Array> {
  const alarmed = new Uint8Array(pValues.length);
  for (const [start, end] of blocksOf(alarmed.length)) {
    for (let row = start; row < end; row++) if (isAnomalous(valueAt(pValues, row), alpha)) alarmed[row] = 1;
    yield;
  }
  return alarmed;
}
