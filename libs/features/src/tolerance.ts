/**
 * Tolerance at the ends of a domain: four units in the last place of float32, relative to the
 * values of the column (for a share and a whole number, to 1). It covers the rounding of a sum of
 * shares, of a difference of equal sums, or of an intermediate float32.
 */
export const DOMAIN_TOLERANCE = 4 * 2 ** -23;

/**
 * Tolerance of whole numbers so large that float64 rounding exceeds the above, relative to the
 * number.
 */
export const LARGE_TOLERANCE = 4 * Number.EPSILON;
