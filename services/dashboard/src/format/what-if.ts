/**
 * Events whose surprise is at least a threshold, from counts by whole bits. Within a bit, p-values
 * are taken as uniform.
 */
export function eventsBeyond(bits: readonly number[], threshold: number): number {
  const cell = Math.max(0, Math.floor(threshold));
  const whole = bits.slice(cell + 1).reduce((sum, count) => sum + count, 0);
  const share = 2 ** (1 - (Math.max(0, threshold) - cell)) - 1;
  return whole + (bits.at(cell) ?? 0) * share;
}

/** Threshold in bits for some false alarms a day, of events that come at some rate. */
export const thresholdOf = (alarmsPerDay: number, eventsPerDay: number): number =>
  Math.max(0, -Math.log2(Math.min(1, alarmsPerDay / eventsPerDay)));

/** Share of trials that a threshold catches. */
export function caughtShare(bits: readonly number[], threshold: number): number {
  return bits.length === 0 ? 0 : bits.filter((each) => each >= threshold).length / bits.length;
}
