import type { SeverityBits } from './severity.ts';

/** Anomalies within a time that it takes to open an alert. */
export interface MinEvents {
  readonly count: number;
  readonly withinMs: number;
}

/** Rules by which anomalies become alerts. All times are event times, in milliseconds. */
export interface AlertPolicy {
  /** Anomalies of a fingerprint that open its alert. Fewer are counted, and nobody is told. */
  readonly minEvents: MinEvents;
  /** Least time between two pages of a fingerprint, unless the second is worse. */
  readonly cooldownMs: number;
  /** Time without an anomaly after which an alert is resolved. */
  readonly resolveAfterMs: number;
  /** Time after its resolution within which an anomaly reopens an alert. */
  readonly mergeGapMs: number;
  readonly severityBits: SeverityBits;
  /** Openings of a detector, within a time, beyond which one storm alert stands for all. */
  readonly storm: { readonly alerts: number; readonly windowMs: number };
}
