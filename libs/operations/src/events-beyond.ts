/**
 * Events whose surprise is at least a threshold in bits, from counts by whole bits. Within a bit,
 * p-values are taken as uniform.
 */
export function eventsBeyond(bits: readonly number[], threshold: number): number {
  const cell = Math.max(0, Math.floor(threshold));
  const whole = bits.slice(cell + 1).reduce((sum, count) => sum + count, 0);
  const share = 2 ** (1 - (Math.max(0, threshold) - cell)) - 1;
  return whole + (bits.at(cell) ?? 0) * share;
}
