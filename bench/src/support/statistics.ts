import { at } from '@flowline/events';

/** Arithmetic mean; NaN for no values. */
export function mean(values: ArrayLike<number>): number {
  return total(Float64Array.from(values)) / values.length;
}

/** Median: the middle value, or the mean of the two middle ones. NaN for no values. */
export function median(values: ArrayLike<number>): number {
  return quantile(values, 0.5);
}

/**
 * Quantile at `share`, linear between order statistics (type 7 of Hyndman and Fan, 1996). NaN for
 * no values.
 */
export function quantile(values: ArrayLike<number>, share: number): number {
  const sorted = Float64Array.from(values).sort();
  if (sorted.length === 0) return NaN;
  const place = share * (sorted.length - 1);
  const below = at(sorted, Math.floor(place));
  const above = at(sorted, Math.ceil(place));
  return below + (place - Math.floor(place)) * (above - below);
}

/**
 * Standard error of the mean, s / √n with n − 1 degrees of freedom. NaN for fewer than two values.
 */
export function standardError(values: ArrayLike<number>): number {
  if (values.length < 2) return Number.NaN;
  const centre = mean(values);
  const squares = Float64Array.from(values, (value) => (value - centre) ** 2);
  return Math.sqrt(total(squares) / (values.length - 1) / values.length);
}

/** A mean and its standard error. */
export interface Estimate {
  readonly mean: number;
  readonly standardError: number;
}

/**
 * Mean of a − b over pairs, with the standard error of the differences. Throws a RangeError for
 * unequal lengths.
 */
export function pairedDifference(a: ArrayLike<number>, b: ArrayLike<number>): Estimate {
  if (a.length !== b.length) throw new RangeError(`pairs of ${a.length} and ${b.length} values`);
  const differences = Float64Array.from(a, (value, i) => value - at(b, i));
  return { mean: mean(differences), standardError: standardError(differences) };
}

/** A slope with its 95 % confidence interval. */
export interface Slope {
  readonly slope: number;
  readonly low: number;
  readonly high: number;
}

/**
 * Theil–Sen slope of y over x: the median of the slopes between all pairs of points, which single
 * bursts do not move. Its interval is Sen's (1968), from the variance of Kendall's S without ties,
 * n(n − 1)(2n + 5)/18. Throws a RangeError for fewer than 5 points.
 */
export function theilSen(x: ArrayLike<number>, y: ArrayLike<number>): Slope {
  const n = x.length;
  if (n < 5 || y.length !== n) throw new RangeError(`${n} and ${y.length} values have no slope`);
  const slopes = new Float64Array((n * (n - 1)) / 2);
  let pair = 0;
  for (let i = 0; i < n; i++) {
    for (let j = i + 1; j < n; j++) {
      slopes[pair++] = (at(y, j) - at(y, i)) / (at(x, j) - at(x, i));
    }
  }
  slopes.sort();
  const reach = 1.959964 * Math.sqrt((n * (n - 1) * (2 * n + 5)) / 18);
  const rank = (place: number): number => at(slopes, Math.max(0, Math.min(slopes.length - 1, Math.round(place))));
  return {
    slope: median(slopes),
    low: rank((slopes.length - reach) / 2 - 1),
    high: rank((slopes.length + reach) / 2),
  };
}

function total(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0);
}
