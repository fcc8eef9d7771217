/** Most ticks with numbers between the powers of ten; of a longer axis, the powers alone. */
const MOST = 8;

/**
 * Ticks of an axis of decimal logarithms: powers of ten, and three times each where there is room.
 */
export function logTicks(least: number, most: number): readonly number[] {
  const powers = Array.from({ length: Math.floor(most) - Math.floor(least) + 1 }, (_, i) => Math.floor(least) + i);
  const isWithin = (tick: number): boolean => tick >= least - 1e-9 && tick <= most + 1e-9;
  const all = powers.flatMap((power) => [power, power + Math.log10(3)]).filter(isWithin);
  return all.length <= MOST ? all : powers.filter(isWithin);
}
