import type { AlertPolicy } from '../alert-policy.ts';

/** A policy in round numbers of milliseconds, with the parts that a test changes. */
export const policyOf = (changes: Partial<AlertPolicy> = {}): AlertPolicy => ({
  minEvents: { count: 1, withinMs: 100 },
  cooldownMs: 0,
  resolveAfterMs: 100,
  mergeGapMs: 50,
  severityBits: { warning: 13, major: 16, critical: 20 },
  storm: { alerts: 1_000_000, windowMs: 1_000 },
  ...changes,
});
