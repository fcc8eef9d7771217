import type { LogDensities } from '../log-densities.ts';
import { valueAt } from '../sorted.ts';
import { isAnomalous } from './alpha.ts';
import { type CalibrationSet, patternPValue } from './calibration-set.ts';

/** 1 for each row that raises an alarm at alpha, in the order of the rows. */
export function alarmedRows(
  calibration: CalibrationSet,
  { logDensityNats, missingPattern }: LogDensities,
  alpha: number,
): Uint8Array {
  return Uint8Array.from(logDensityNats, (logP, row) =>
    isAnomalous(patternPValue(calibration, -logP, valueAt(missingPattern, row)).p, alpha) ? 1 : 0,
  );
}
