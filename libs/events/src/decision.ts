/**
 * Source of a p-value: calibration ranks, the fitted tail beyond them, or the smallest value
 * possible.
 */
export type PValueMethod = 'empirical' | 'tail' | 'floor';

/**
 * Statistics that decide: low density alone, that with remoteness from the training rows, or
 * several joined in one p-value.
 */
export const decisionTests = ['density', 'outlying', 'combined'] as const;
export type DecisionTest = (typeof decisionTests)[number];

/**
 * Components of the combined test: a low density, a high one (values closer to their expectations
 * than normal events are), a coordinate of the latent far from 0, a value far from those expected
 * given all others, and a large distance from every training row. The density test has the first
 * one only.
 */
export const testComponents = ['low_density', 'high_density', 'extreme_latent', 'extreme_value', 'distant'] as const;
export type TestComponent = (typeof testComponents)[number];

/**
 * Reasons why an event is an anomaly: the component that raised it, or a value outside its domain.
 */
export const anomalyReasons = [...testComponents, 'out_of_domain'] as const;
export type AnomalyReason = (typeof anomalyReasons)[number];

/**
 * True if an event with this p-value is an anomaly: p ≤ α, where α is the threshold of its
 * decision.
 */
export const isAnomalous = (pValue: number, alpha: number): boolean => pValue <= alpha;
