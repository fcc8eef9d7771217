/** How a p-value was found: from calibration ranks, from the fitted tail beyond them, or as the least there is. */
export type PValueMethod = 'empirical' | 'tail' | 'floor';

/** Why an event is an anomaly. */
export type AnomalyReason = 'low_density' | 'out_of_domain';
