const FIRST_MS = 2_000;
const LONGEST_MS = 30_000;

/** Pause before the next try after some failures in a row. */
export const retryAfterMs = (failures: number): number => Math.min(LONGEST_MS, FIRST_MS * 2 ** failures);
