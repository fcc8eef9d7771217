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
  { scores, missingPattern }: JudgedRows,
  traits: RowTraits,
  alpha: number,
): Steps<Uint8Array> {
  const alarmed = new Uint8Array(scores.length);
  for (const [start, end] of blocksOf(alarmed.length, BLOCK_ROWS)) {
    for (let row = start; row < end; row++) {
      const { p } = patternPValue(calibration, valueAt(scores, row), valueAt(missingPattern, row), row, traits);
      if (isAnomalous(p, alpha)) alarmed[row] = 1;
    }
    yield;
  }
  return alarmed;
}
