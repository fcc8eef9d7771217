import type { AlertPolicy } from './alert-policy.ts';

/**
 * Property of an anomaly by which a detector groups further: its most surprising feature, or the
 * event itself, so that every anomaly is an alert of its own.
 */
export type AlertGroup = 'feature' | 'event';

/** Rules of a detector: how anomalies become alerts, and what is told of them. */
export interface AlertRules extends AlertPolicy {
  readonly groupBy: readonly AlertGroup[];
  /** False if nobody is told of resolutions. */
  readonly sendResolved: boolean;
}
