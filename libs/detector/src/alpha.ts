import { FlowlineError } from '@flowline/events';
import { betaQuantile } from './beta.ts';
import { smallestPValue, tailScoreAt, type Calibration } from './calibration.ts';
import { lowerBound, partition, valueAt } from './sorted.ts';

/** What a user asks of the decision: a rate of false alarms a day, or a p-value. */
export type AlarmControl = { readonly falseAlarmsPerDay: number } | { readonly alpha: number };

/** A range of rates an event. */
export interface RateInterval {
  readonly low: number;
  readonly high: number;
}

/**
 * The p-value at or below which an event is an anomaly: `alpha` as it is, or false alarms a day over the mean events a day of the
 * history (anomalous events, before any cooldown).
 *
 * @throws FlowlineError FLOWLINE_CONFIG_INVALID when the result is not between 1e-12 and 1/2.
 */
export function alphaOf(control: AlarmControl, eventsPerDay: number): number {
  const alpha = 'alpha' in control ? control.alpha : control.falseAlarmsPerDay / eventsPerDay;
  if (!(alpha >= smallestPValue && alpha <= 0.5)) {
    const found =
      'alpha' in control ? `${control.alpha}` : `${control.falseAlarmsPerDay} a day of ${eventsPerDay} events`;
    throw new FlowlineError(
      'FLOWLINE_CONFIG_INVALID',
      `an alarm rate of ${found} is not between 1e-12 and 0.5 an event`,
      {
        where: 'decision.control',
        remedy: 'state alpha, or false alarms a day that are well below the events a day',
      },
    );
  }
  return alpha;
}

/**
 * The range that holds the realised alarm rate at p ≤ alpha with 90 % probability, over calibration sets of this size.
 *
 * With c of n calibration scores at the threshold t (the score with p = alpha) or beyond:
 * [Beta⁻¹(.05; c, n + 1 − c), Beta⁻¹(.95; c + 1, n − c)] (Clopper and Pearson 1934). Scores that follow one another in time are
 * worth fewer independent ones: c and n are divided by `designEffect`. null where there is no tail and alpha is below
 * 1/(n + 1): then only what lies far beyond everything alarms.
 */
export function alarmRateInterval(calibration: Calibration, alpha: number, designEffect = 1): RateInterval | null {
  const { rows, scores, tail } = calibration;
  if (tail === null && alpha < 1 / (rows + 1)) return null;
  const share = (scores.length - thresholdIndex(calibration, alpha)) / scores.length;
  const n = Math.max(1, rows / designEffect);
  const c = share * n;
  return {
    low: c > 0 ? betaQuantile(0.05, c, n + 1 - c) : 0,
    high: c < n ? betaQuantile(0.95, c + 1, n - c) : 1,
  };
}

/** The score from which on events alarm at p ≤ alpha; Infinity where none does. */
export function alarmThreshold(calibration: Calibration, alpha: number): number {
  const { scores, tail } = calibration;
  if (tail !== null && alpha < Math.exp(valueAt(tail.logP, 0))) return tailScoreAt(tail, alpha);
  return scores[thresholdIndex(calibration, alpha)] ?? Infinity;
}

/** How many of the kept calibration scores lie below the threshold. */
function thresholdIndex({ scores, pValues, tail }: Calibration, alpha: number): number {
  if (tail !== null && alpha < Math.exp(valueAt(tail.logP, 0))) return lowerBound(scores, tailScoreAt(tail, alpha));
  return partition(scores.length, (i) => valueAt(pValues, i) > alpha);
}
