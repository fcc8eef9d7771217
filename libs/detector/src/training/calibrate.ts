import { inTurns, type Steps } from '@flowline/events';
import type { Scorer } from '@flowline/engine';
import { type ColumnTable, type FeatureEncoding, filterNumbers, mapNumbers } from '@flowline/features';
import { Random } from '@flowline/flows';

import { designEffect } from '../calibration/alarm-verdict.ts';
import { alarmsAt, rowPValues } from '../calibration/alarmed-rows.ts';
import { alarmRateInterval, type RateInterval } from '../calibration/alpha.ts';
import { type CalibrationSet, fitCalibrationSetSteps } from '../calibration/calibration-set.ts';
import { contextLevels, rowTraits } from '../calibration/row-traits.ts';
import { minimumRowsOf } from '../minimum-rows.ts';
import { logDensities, type LongScoring } from '../log-densities.ts';
import { countMarked } from '../marked.ts';
import { fitCombined } from '../statistic/fit-combined.ts';
import { fitOutlying } from '../statistic/fit-outlying.ts';
import type { Statistic } from '../statistic/statistic.ts';
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
  readonly statistic: Statistic | null;
}

/** Statistic of an earlier model, with the rows that it kept; null for the density test. */
export interface EarlierStatistic {
  readonly earlier: Statistic | null;
  /** First rows to calibrate on that the earlier model may have kept. */
  readonly keptRows: number;
}

/** Rows to calibrate on, and those that a statistic keeps some of. */
export interface CalibrationTables {
  /** Rows that the flows were trained on, and that chose among their weights. */
  readonly seen: { readonly train: ColumnTable; readonly validation: ColumnTable } | EarlierStatistic;
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
  { seen, calibration: table }: CalibrationTables,
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
  const { statistic, rows: decided } = await fitStatistic(
    spec,
    { encoding, scorer, seen, calibration: table, signal },
    rows,
  );
  return { ...(await inTurns(calibrateSteps(spec, decided), signal)), statistic };
}

/** Parts of a training that a statistic is fitted with. */
interface StatisticParts extends CalibrationTables {
  readonly encoding: FeatureEncoding;
  readonly scorer: Scorer;
  readonly signal: AbortSignal | undefined;
}

/** Fits the statistic of a test, and scores the rows by it that are left to calibrate it. */
async function fitStatistic(
  spec: DetectorTrainingSpec,
  { seen, ...parts }: StatisticParts,
  rows: ScoredRows,
): Promise<{ readonly statistic: Statistic | null; readonly rows: ScoredRows }> {
  switch (spec.test ?? 'density') {
    case 'density':
      return { statistic: null, rows };
    case 'combined': {
      const train = 'train' in seen ? seen.train : earlierOf(seen, 'combined');
      return fitCombined({ ...parts, spec, train }, rows);
    }
    case 'outlying': {
      if ('train' in seen) return fitOutlying({ ...parts, spec, seen: [seen.train, seen.validation] }, rows);
      const from = { measure: earlierOf(seen, 'outlying').remoteness, keptRows: seen.keptRows };
      return fitOutlying({ ...parts, spec, seen: from }, rows);
    }
  }
}

/** Statistic of an earlier model, which a recalibration goes on with. */
function earlierOf<Test extends Statistic['test']>(
  { earlier }: EarlierStatistic,
  test: Test,
): Extract<Statistic, { readonly test: Test }> {
  if (earlier?.test === test) return earlier as Extract<Statistic, { readonly test: Test }>;
  throw new RangeError(`an earlier model without a statistic of the test ${test}`);
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
  const pValues = yield* rowPValues(calibration, judged, rows.traits);
  const effect = designEffect(yield* alarmsAt(pValues, TAIL_LEVEL));
  const alarms = countMarked(yield* alarmsAt(pValues, spec.alpha));
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
