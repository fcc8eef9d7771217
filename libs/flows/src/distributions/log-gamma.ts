/** Stirling's series has full accuracy from here on. */
const STIRLING_FROM = 10;

/**
 * log Γ(x) for x > 0: Stirling's series, after the recurrence Γ(x + 1) = x·Γ(x) has raised x.
 * Relative error below 1e-14.
 */
export function logGamma(x: number): number {
  let shift = 0;
  let at = x;
  for (; at < STIRLING_FROM; at++) shift += Math.log(at);
  const square = 1 / (at * at);
  const series = 1 / 12 - square * (1 / 360 - square * (1 / 1260 - square * (1 / 1680 - square / 1188)));
  return (at - 0.5) * Math.log(at) - at + 0.5 * Math.log(2 * Math.PI) + series / at - shift;
}
