import type { ReportData } from '@flowline/charts/report';
import { type AlarmVerdict, alarmVerdict, designEffect, type RateInterval } from '@flowline/detector';
import { isAnomalous } from '@flowline/events';

import { formatCount } from '../output.ts';

/** Rows whose alarms are compared with the rate that was asked for. */
export interface JudgedRows {
  /** Kind of rows, such as `test rows`. */
  readonly of: string;
  /** In the order of the rows. */
  readonly pValues: Float64Array;
  readonly alpha: number;
  readonly expectedRate: number;
  /** Range of the expected rate; null if none can be promised. */
  readonly expected: RateInterval | null;
  /** `time`: neighbours may depend on one another; `random`: the order says nothing. */
  readonly order: 'time' | 'random';
}

/** Share of the rarest rows whose bursts say how many are independent, as in calibration. */
const RAREST = 0.05;
/** Expected alarms below which there is no verdict. */
const FEWEST_EXPECTED = 3;
/** Rows per independent row from which on the report says so. */
const BURSTS = 1.2;

/**
 * Alarms among rows, with the Wilson interval (1927) of their rate at 95 %. Rows in time order
 * count as fewer independent ones, by the design effect of the rarest, as in calibration.
 */
export function measuredAlarms(judged: JudgedRows): NonNullable<ReportData['alarms']> {
  const { of, pValues, alpha, expectedRate, expected, order } = judged;
  const rows = pValues.length;
  const alarmed = Uint8Array.from(pValues, (p) => (isAnomalous(p, alpha) ? 1 : 0));
  const alarms = alarmed.reduce((sum, one) => sum + one, 0);
  const rarest = Uint8Array.from(pValues, (p) => (p <= Math.max(alpha, RAREST) ? 1 : 0));
  const effect = order === 'random' ? 1 : designEffect(rarest);
  const independent = rows / effect;
  const isEnough = expectedRate * independent >= FEWEST_EXPECTED;
  const verdict = isEnough ? alarmVerdict({ alarmed, interval: expected }) : 'untested';
  return {
    ...{ of, rows, alarms, expectedRate, expected },
    measured: wilson(alarms / rows, independent),
    isKept: verdict === 'inside' ? true : verdict === 'above' || verdict === 'below' ? false : null,
    verdict: [
      isEnough || expected === null ? WORDS[verdict] : tooFew(expectedRate, independent),
      independence(judged, effect),
    ].join(' '),
  };
}

const WORDS: Readonly<Record<AlarmVerdict, string>> = {
  inside: 'The measured rate agrees with the requested one.',
  above: 'There are more alarms than requested, beyond chance.',
  below: 'There are fewer alarms than requested, beyond chance.',
  unclear: 'The rate is not the requested one, but alarms come in bursts, so that chance may explain it.',
  untested: 'No rate can be promised for this alpha: calibration has too few rows.',
};

function tooFew(expectedRate: number, independent: number): string {
  const least = formatCount(Math.ceil(FEWEST_EXPECTED / expectedRate));
  return `Not enough rows to tell: ${least} independent ones are needed for three expected alarms; there are ${formatCount(independent)}.`;
}

function independence({ order, pValues }: JudgedRows, effect: number): string {
  if (order === 'random') return 'Test rows are drawn at random, so they count as independent.';
  if (effect < BURSTS) return 'Surprising rows do not come in bursts, so rows count as independent.';
  return `Surprising rows come in bursts: the ${formatCount(pValues.length)} rows count as ${formatCount(pValues.length / effect)} independent ones.`;
}

/** Wilson interval of a rate at 95 %, of rows that need not be a whole number. */
function wilson(rate: number, rows: number): RateInterval {
  const z = 1.96;
  const weight = 1 / (1 + z ** 2 / rows);
  const centre = weight * (rate + z ** 2 / (2 * rows));
  const half = weight * z * Math.sqrt((rate * (1 - rate)) / rows + z ** 2 / (4 * rows ** 2));
  return { low: Math.max(0, centre - half), high: Math.min(1, centre + half) };
}
