import { FlowlineError } from '@flowline/events';
import { betaQuantile } from './beta.ts';
import { smallestPValue, tailScoreAt, type Calibration } from './calibration.ts';
import { quantileOfSorted, valueAt } from './sorted.ts';
import { survivals } from './tail.ts';

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
 * Beta(k, n + 1 − k) with k = ⌊alpha·(n + 1)⌋, the law of a conformal threshold's rate; where k = 0, the 5 % and 95 % quantiles of
 * the rate at that threshold over the bootstrap's tails. null where there is no tail either: such an alpha never alarms.
 */
export function alarmRateInterval({ rows, tail }: Calibration, alpha: number): RateInterval | null {
  const k = Math.floor(alpha * (rows + 1));
  if (k >= 1) return { low: betaQuantile(0.05, k, rows + 1 - k), high: betaQuantile(0.95, k, rows + 1 - k) };
  if (tail === null) return null;
  const threshold = valueAt(tail.knots, 0);
  const share = Math.exp(valueAt(tail.logP, 0));
  const rates = survivals(tail, tailScoreAt(tail, alpha) - threshold);
  return { low: share * quantileOfSorted(rates, 0.05), high: share * quantileOfSorted(rates, 0.95) };
}
