import { inTurns, type Steps } from '@flowline/events';
import type { Scorer } from '@flowline/engine';
import { type ColumnTable, type FeatureEncoding, filterNumbers, mapNumbers, sortNumbers } from '@flowline/features';

import { alarmVerdict } from '../calibration/alarm-verdict.ts';
import { alarmedRows } from '../calibration/alarmed-rows.ts';
import { alwaysAlarmRate, expectedAlarmRate } from '../calibration/expected-alarm-rate.ts';
import { rowTraits } from '../calibration/row-traits.ts';
import { decidedDensities, type LongScoring } from '../log-densities.ts';
import { valueAt } from '../sorted.ts';
import type { Calibrated } from './calibrate.ts';
import type { AlarmReport, HeldOutReport } from './training-report.ts';
import type { DetectorTrainingSpec } from './training-spec.ts';

/**
 * Held-out likelihood and alarms of a trained detector. heldOut null: no test row has a density.
 */
export interface Evaluation {
  readonly heldOut: HeldOutReport | null;
  readonly alarms: AlarmReport;
}

/** Evaluates a calibrated detector on the newest rows, which it has not seen. */
export async function evaluate(
  { alpha, schema }: DetectorTrainingSpec,
  encoding: FeatureEncoding,
  scorer: Scorer,
  { calibration, report, interval, statistic }: Calibrated,
  table: ColumnTable,
  scoring: LongScoring,
): Promise<Evaluation> {
  const traits = rowTraits(schema, table);
  const densities = await decidedDensities({ scorer, encoding, statistic }, table, traits, scoring);
  const { signal } = scoring;
  const alarmed = await inTurns(alarmedRows(calibration, densities, traits, alpha), signal);
  const alarms = alarmed.reduce((sum, one) => sum + one, 0);
  return {
    heldOut: await inTurns(heldOutReport(densities.logDensityNats), signal),
    alarms: {
      alpha,
      alwaysRate: alwaysAlarmRate(report),
      expectedRate: expectedAlarmRate(report, alpha),
      interval,
      testRows: table.size,
      alarms,
      measuredRate: table.size === 0 ? null : alarms / table.size,
      verdict: alarmVerdict({ alarmed, interval }),
    },
  };
}

function* heldOutReport(logDensityNats: Float64Array): Steps<HeldOutReport | null> {
  const finite = yield* filterNumbers(logDensityNats, Number.isFinite);
  const nll = yield* mapNumbers(finite, (logP) => -logP);
  const rows = nll.length;
  if (rows === 0) return null;
  const mean = nll.reduce((sum, value) => sum + value / rows, 0);
  yield;
  const variance = nll.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, rows - 1);
  const sorted = yield* sortNumbers(nll);
  return {
    rows,
    nllNats: mean,
    standardError: Math.sqrt(variance / rows),
    medianNllNats: valueAt(sorted, Math.floor(rows / 2)),
    undefinedRows: logDensityNats.length - rows,
  };
}
