/** The arithmetic mean; NaN of nothing. */
export function mean(values: ArrayLike<number>): number {
  return total(Float64Array.from(values)) / values.length;
}

/** The median: the middle value, or the mean of the two middle ones; NaN of nothing. */
export function median(values: ArrayLike<number>): number {
  return quantile(values, 0.5);
}

/** The quantile of share `share`, linear between order statistics (type 7 of Hyndman and Fan, 1996); NaN of nothing. */
export function quantile(values: ArrayLike<number>, share: number): number {
  const sorted = Float64Array.from(values).sort();
  const at = share * (sorted.length - 1);
  const below = sorted[Math.floor(at)] ?? Number.NaN;
  const above = sorted[Math.ceil(at)] ?? Number.NaN;
  return below + (at - Math.floor(at)) * (above - below);
}

/** The standard error of the mean, s / √n with n − 1 degrees of freedom; NaN of fewer than two values. */
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

/** The mean of a − b over pairs, with the standard error of the differences. Throws a RangeError for unequal lengths. */
export function pairedDifference(a: ArrayLike<number>, b: ArrayLike<number>): Estimate {
  if (a.length !== b.length) throw new RangeError(`pairs of ${a.length} and ${b.length} values`);
  const differences = Float64Array.from(a, (value, i) => value - (b[i] ?? Number.NaN));
  return { mean: mean(differences), standardError: standardError(differences) };
}

function total(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0);
}
