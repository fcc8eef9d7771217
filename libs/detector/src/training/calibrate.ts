import { blocksOf, inTurns, type Steps } from '@flowline/events';
import type { Scorer } from '@flowline/engine';
import { type ColumnTable, type FeatureEncoding, filterNumbers, sortNumbers } from '@flowline/features';
import { outlierThresholdOfSorted, Random } from '@flowline/flows';

import { designEffect } from '../calibration/alarm-verdict.ts';
import { alarmThreshold } from '../calibration/alpha.ts';
import { type CalibrationSet, fitCalibrationSetSteps } from '../calibration/calibration-set.ts';
import { type LogDensities, logDensities, type LongScoring } from '../log-densities.ts';
import { valueAt } from '../sorted.ts';
import { strayRows } from './ordinary-rows.ts';
import { isRobust } from './recipe.ts';
import type { CalibrationReport } from './training-report.ts';
import type { DetectorTrainingSpec } from './training-spec.ts';

/**
 * Level at which the clustering of rare scores is measured: the rarest 5 %, which are enough rows.
 */
const TAIL_LEVEL = 0.05;

/** Calibration, and the report on its rows. */
export interface Calibrated {
  readonly calibration: CalibrationSet;
  readonly report: CalibrationReport;
}

/** Calibrates on rows that neither training nor model selection has used. */
export async function calibrate(
  spec: DetectorTrainingSpec,
  encoding: FeatureEncoding,
  scorer: Scorer,
  table: ColumnTable,
  scoring: LongScoring,
): Promise<Calibrated> {
  const densities = await logDensities(scorer, encoding, table, scoring);
  const { signal } = scoring;
  const stray = await inTurns(strayRows(spec, encoding, table), signal);
  return inTurns(calibrateSteps(spec, densities, stray), signal);
}

function* calibrateSteps(
  spec: DetectorTrainingSpec,
  { logDensityNats, missingPattern }: LogDensities,
  stray: Uint8Array,
): Steps<Calibrated> {
  const size = logDensityNats.length;
  const defined = yield* filterNumbers(logDensityNats, Number.isFinite);
  const threshold =
    isRobust(spec.data) && defined.length > 0
      ? outlierThresholdOfSorted(yield* sortNumbers(defined.slice()))
      : -Infinity;
  const keeps = (row: number): boolean => {
    const logP = valueAt(logDensityNats, row);
    return Number.isFinite(logP) && logP >= threshold && stray[row] === 0;
  };
  const kept = yield* keptRows(size, keeps);
  const scores = yield* mapRows(kept, new Float64Array(kept.length), (row) => -valueAt(logDensityNats, row));
  const patterns = yield* mapRows(kept, new Int32Array(kept.length), (row) => valueAt(missingPattern, row));
  const random = new Random(spec.seed).fork('calibration');
  const calibration = yield* fitCalibrationSetSteps(scores, patterns, random, spec.minimumRows?.calibration);
  const rareBelow = -alarmThreshold(calibration.pooled, TAIL_LEVEL);
  const isRare = (row: number): boolean => !keeps(row) || valueAt(logDensityNats, row) <= rareBelow;
  const rare = new Uint8Array(size);
  for (const [start, end] of blocksOf(size)) {
    for (let row = start; row < end; row++) if (isRare(row)) rare[row] = 1;
    yield;
  }
  return {
    calibration,
    report: {
      rows: kept.length,
      trimmedRows: defined.length - kept.length,
      trimmedShare: (defined.length - kept.length) / Math.max(1, defined.length),
      undefinedRows: size - defined.length,
      undefinedShare: (size - defined.length) / Math.max(1, size),
      designEffect: designEffect(rare),
      hasTail: calibration.pooled.tail !== null,
      ownPatterns: calibration.byPattern.size,
    },
  };
}

/** Rows that are kept, by index and in steps. */
function* keptRows(size: number, keeps: (row: number) => boolean): Steps<Int32Array> {
  const rows = new Int32Array(size);
  let count = 0;
  for (const [start, end] of blocksOf(size)) {
    for (let row = start; row < end; row++) if (keeps(row)) rows[count++] = row;
    yield;
  }
  return rows.subarray(0, count);
}

/** Fills an array with a value per row, in steps. */
function* mapRows<T extends Float64Array | Int32Array>(
  rows: Int32Array,
  into: T,
  valueOf: (row: number) => number,
): Steps<T> {
  for (const [start, end] of blocksOf(rows.length)) {
    for (let i = start; i < end; i++) into[i] = valueOf(valueAt(rows, i));
    yield;
  }
  return into;
}
