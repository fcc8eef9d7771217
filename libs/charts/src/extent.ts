/**
 * Least and largest finite number of some lists, widened where they are equal. Of no finite number
 * it is 0 … 1.
 */
export function extentOf(...lists: readonly (Iterable<number> | null)[]): readonly [number, number] {
  let [least, most] = [Infinity, -Infinity];
  for (const list of lists) {
    for (const value of list ?? []) {
      if (!Number.isFinite(value)) continue;
      least = Math.min(least, value);
      most = Math.max(most, value);
    }
  }
  if (least > most) return [0, 1];
  if (least < most) return [least, most];
  const margin = Math.abs(least) / 10 || 1;
  return [least - margin, most + margin];
}
