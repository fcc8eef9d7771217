import { blocksOf, inTurns, type Steps } from '@flowline/events';
import type { Scorer } from '@flowline/engine';
import { type ColumnTable, type FeatureEncoding, filterNumbers, mapNumbers, sortNumbers } from '@flowline/features';

import { alarmVerdict } from '../calibration/alarm-verdict.ts';
import { alarmedRows } from '../calibration/alarmed-rows.ts';
import { alwaysAlarmRate, expectedAlarmRate } from '../calibration/expected-alarm-rate.ts';
import { rowTraits } from '../calibration/row-traits.ts';
import { decidedDensities, type LongScoring } from '../log-densities.ts';
import { countMarked } from '../marked.ts';
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
  const alarms = countMarked(alarmed);
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
  const mean = yield* sumOf(nll, (value) => value / rows);
  const variance = (yield* sumOf(nll, (value) => (value - mean) ** 2)) / Math.max(1, rows - 1);
  const sorted = yield* sortNumbers(nll);
  return {
    rows,
    nllNats: mean,
    standardError: Math.sqrt(variance / rows),
    medianNllNats: valueAt(sorted, Math.floor(rows / 2)),
    undefinedRows: logDensityNats.length - rows,
  };
}

/** Sum over values in their order, in steps. */
function* sumOf(values: Float64Array, of: (value: number) => number): Steps<number> {
  let sum = 0;
  for (const [start, end] of blocksOf(values.length)) {
    for (let i = start; i < end; i++) sum += of(valueAt(values, i));
    yield;
  }
  return sum;
}
