import type { Scorer } from '@flowline/engine';
import {
  type ColumnTable,
  type FeatureEncoding,
  filterNumbers,
  inTurns,
  mapNumbers,
  sortNumbers,
  type Steps,
} from '@flowline/features';
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
  const keeps = (logP: number, row: number): boolean => Number.isFinite(logP) && logP >= threshold && stray[row] === 0;
  const kept = logDensityNats.filter(keeps);
  yield;
  const calibration = yield* fitCalibrationSetSteps(
    yield* mapNumbers(kept, (logP) => -logP),
    missingPattern.filter((_, row) => keeps(valueAt(logDensityNats, row), row)),
    new Random(spec.seed).fork('calibration'),
  );
  const rareBelow = -alarmThreshold(calibration.pooled, TAIL_LEVEL);
  return {
    calibration,
    report: {
      rows: kept.length,
      trimmedRows: defined.length - kept.length,
      trimmedShare: (defined.length - kept.length) / Math.max(1, defined.length),
      undefinedRows: size - defined.length,
      undefinedShare: (size - defined.length) / Math.max(1, size),
      designEffect: designEffect(
        Uint8Array.from(logDensityNats, (logP, row) => (!keeps(logP, row) || logP <= rareBelow ? 1 : 0)),
      ),
      hasTail: calibration.pooled.tail !== null,
      ownPatterns: calibration.byPattern.size,
    },
  };
}
