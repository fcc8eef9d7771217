/**
 * Source of a p-value: calibration ranks, the fitted tail beyond them, or the smallest value
 * possible.
 */
export type PValueMethod = 'empirical' | 'tail' | 'floor';

/** Reason why an event is an anomaly. */
export type AnomalyReason = 'low_density' | 'out_of_domain';

/**
 * True if an event with this p-value is an anomaly: p ≤ α, where α is the threshold of its
 * decision.
 */
export const isAnomalous = (pValue: number, alpha: number): boolean => pValue <= alpha;
