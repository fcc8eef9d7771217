/**
 * A hair beyond the end of a domain is the end: four units in the last place of float32, relative to the values of the column
 * (1 for a share and for a whole number). What a sum of shares, a difference of equal sums, or a float32 on the way leaves behind.
 */
export const DOMAIN_TOLERANCE = 4 * 2 ** -23;

/** The same of whole numbers so large that the rounding of float64 is more: relative to the number. */
export const LARGE_TOLERANCE = 4 * Number.EPSILON;
