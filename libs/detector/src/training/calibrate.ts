import { inTurns, type Steps } from '@flowline/events';
import type { Scorer } from '@flowline/engine';
import { type ColumnTable, type FeatureEncoding, filterNumbers, mapNumbers } from '@flowline/features';
import { Random } from '@flowline/flows';

import { designEffect } from '../calibration/alarm-verdict.ts';
import { alarmedRows } from '../calibration/alarmed-rows.ts';
import { alarmRateInterval, type RateInterval } from '../calibration/alpha.ts';
import { type CalibrationSet, fitCalibrationSetSteps } from '../calibration/calibration-set.ts';
import { contextLevels, rowTraits } from '../calibration/row-traits.ts';
import { minimumRowsOf } from '../minimum-rows.ts';
import { logDensities, type LongScoring } from '../log-densities.ts';
import { type CombinedParts, fitCombined } from '../statistic/fit-combined.ts';
import type { CombinedStatistic } from '../statistic/statistic.ts';
import { missingNats } from './missing-nats.ts';
import { strayRows } from './ordinary-rows.ts';
import { isRobust } from './recipe.ts';
import type { CalibrationReport } from './training-report.ts';
import type { DetectorTrainingSpec } from './training-spec.ts';
import { type ScoredRows, usualScores } from './usual-scores.ts';

/**
 * Level at which the clustering of rare scores is measured: the rarest 5 %, which are enough rows.
 */
const TAIL_LEVEL = 0.05;

/** Calibration, and the report on its rows. */
export interface Calibrated {
  readonly calibration: CalibrationSet;
  readonly report: CalibrationReport;
  /** Range of the alarm rate on rows like these; null if no rate can be promised for alpha. */
  readonly interval: RateInterval | null;
  /** Statistic that the calibration is of; null for −log p itself. */
  readonly statistic: CombinedStatistic | null;
}

/** Rows to calibrate on, and those that a combined test learns from: null for a test of density. */
export interface CalibrationTables {
  readonly train: CombinedParts['train'] | null;
  readonly calibration: ColumnTable;
}

/**
 * Calibrates on rows that neither training nor model selection has used: for a combined test, first
 * its components, then the join.
 */
export async function calibrate(
  spec: DetectorTrainingSpec,
  encoding: FeatureEncoding,
  scorer: Scorer,
  { train, calibration: table }: CalibrationTables,
  scoring: LongScoring,
): Promise<Calibrated> {
  const densities = await logDensities(scorer, encoding, table, scoring);
  const { signal } = scoring;
  const rows: ScoredRows = {
    ...densities,
    traits: rowTraits(spec.schema, table),
    contexts: contextLevels(spec.schema).length,
    stray: await inTurns(strayRows(spec, encoding, table), signal),
    missingNats: await missingNats(scorer, encoding, table, densities, signal),
  };
  if (spec.test !== 'combined') {
    return { ...(await inTurns(calibrateSteps(spec, rows), signal)), statistic: null };
  }
  if (train === null) throw new RangeError('a combined test without training rows');
  const parts = { spec, encoding, scorer, train, calibration: table, signal };
  const { statistic, rows: joined } = await fitCombined(parts, rows);
  return { ...(await inTurns(calibrateSteps(spec, joined), signal)), statistic };
}

/** Calibrates on scored rows, in steps. */
export function* calibrateSteps(
  spec: Pick<DetectorTrainingSpec, 'data' | 'seed' | 'alpha' | 'family' | 'minimumRows'>,
  rows: ScoredRows,
): Steps<Omit<Calibrated, 'statistic'>> {
  const size = rows.logDensityNats.length;
  const defined = yield* filterNumbers(rows.logDensityNats, Number.isFinite);
  const undefinedRows = size - defined.length;
  const usual = yield* usualScores(rows, isRobust(spec.data));
  const random = new Random(spec.seed).fork('calibration');
  const leastRows = (spec.minimumRows ?? minimumRowsOf(spec.family)).calibration;
  const calibration = yield* fitCalibrationSetSteps(usual, random, leastRows);
  const judged = { ...rows, scores: yield* mapNumbers(rows.logDensityNats, (logP) => -logP) };
  const effect = designEffect(yield* alarmedRows(calibration, judged, rows.traits, TAIL_LEVEL));
  const alarmed = yield* alarmedRows(calibration, judged, rows.traits, spec.alpha);
  const alarms = alarmed.reduce((sum, one) => sum + one, 0);
  const trimmedRows = size - undefinedRows - usual.scores.length;
  const { tail } = calibration.pooled;
  const isPromised = tail !== null || spec.alpha >= 1 / (usual.scores.length + 1);
  return {
    calibration,
    interval: isPromised ? alarmRateInterval({ alarms, rows: size, designEffect: effect }) : null,
    report: {
      rows: usual.scores.length,
      trimmedRows,
      trimmedShare: trimmedRows / Math.max(1, size - undefinedRows),
      undefinedRows,
      undefinedShare: undefinedRows / Math.max(1, size),
      designEffect: effect,
      hasTail: tail !== null,
      ownPatterns: calibration.byPattern.size,
      ownContexts: usual.groups.filter(({ parent }) => parent !== null).length,
    },
  };
}
