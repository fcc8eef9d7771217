import { FlowlineError } from '@flowline/events';
import { betaQuantile } from './beta.ts';
import { smallestPValue, tailScoreAt, type Calibration } from './calibration.ts';
import { lowerBound, partition, valueAt } from '../sorted.ts';

/**
 * Control of the decision: a rate of false alarms per day, a p-value, or a false discovery rate.
 */
export type AlarmControl =
  { readonly falseAlarmsPerDay: number } | { readonly alpha: number } | { readonly fdr: number };

/**
 * Alpha of a model whose detector controls the false discovery rate. It decides nothing in a
 * stream, where thresholds move: reports compare alarms at it, and an event on its own is judged by
 * it.
 */
const REPORTED_ALPHA = 1e-3;

/** Range of rates per event. */
export interface RateInterval {
  readonly low: number;
  readonly high: number;
}

/**
 * p-value at or below which an event is an anomaly: `alpha` as given, or false alarms per day
 * divided by the mean events per day of the history (anomalous events, before any cooldown). For a
 * false discovery rate, {@link REPORTED_ALPHA}.
 *
 * @throws FlowlineError FLOWLINE_CONFIG_INVALID if the result is not between 1e-12 and 1/2.
 */
export function alphaOf(control: AlarmControl, eventsPerDay: number): number {
  if ('fdr' in control) return REPORTED_ALPHA;
  const alpha = 'alpha' in control ? control.alpha : control.falseAlarmsPerDay / eventsPerDay;
  if (!(alpha >= smallestPValue && alpha <= 0.5)) {
    const found =
      'alpha' in control ? `${control.alpha}` : `${control.falseAlarmsPerDay} per day of ${eventsPerDay} events`;
    throw new FlowlineError(
      'FLOWLINE_CONFIG_INVALID',
      `an alarm rate of ${found} is not between 1e-12 and 0.5 per event`,
      {
        where: 'decision.control',
        remedy: 'state alpha, or far fewer false alarms per day than events per day',
      },
    );
  }
  return alpha;
}

/** Alarms among the calibration rows, counted at the threshold itself. */
export interface CountedAlarms {
  /** Rows with p ≤ alpha, those without a density and those left out included. */
  readonly alarms: number;
  readonly rows: number;
  /** Rows per independent row. */
  readonly designEffect: number;
}

/**
 * Range that contains the realised alarm rate at p ≤ alpha with 90 % probability, over calibration
 * sets of this size.
 *
 * With c of n rows that raise an alarm, it is
 * [Beta⁻¹(.05; c, n + 1 − c), Beta⁻¹(.95; c + 1, n − c)] (Clopper and Pearson 1934). Rows in time
 * order are worth fewer independent ones: c and n are divided by the design effect.
 */
export function alarmRateInterval({ alarms, rows, designEffect }: CountedAlarms): RateInterval {
  const n = Math.max(1, rows / designEffect);
  const c = (n * alarms) / rows;
  return {
    low: c > 0 ? betaQuantile(0.05, c, n + 1 - c) : 0,
    high: c < n ? betaQuantile(0.95, c + 1, n - c) : 1,
  };
}

/** Lowest score that raises an alarm at p ≤ alpha; Infinity if none does. */
export function alarmThreshold(calibration: Calibration, alpha: number): number {
  const { scores, tail } = calibration;
  if (tail !== null && alpha < Math.exp(valueAt(tail.logP, 0))) return tailScoreAt(tail, alpha);
  return scores.at(thresholdIndex(calibration, alpha)) ?? Infinity;
}

/** Number of stored calibration scores below the threshold. */
function thresholdIndex({ scores, pValues, tail }: Calibration, alpha: number): number {
  if (tail !== null && alpha < Math.exp(valueAt(tail.logP, 0))) return lowerBound(scores, tailScoreAt(tail, alpha));
  return partition(scores.length, (i) => valueAt(pValues, i) > alpha);
}
