/**
 * Source of a p-value: calibration ranks, the fitted tail beyond them, or the smallest value
 * possible.
 */
export type PValueMethod = 'empirical' | 'tail' | 'floor';

/** Reason why an event is an anomaly. */
export type AnomalyReason = 'low_density' | 'out_of_domain';
