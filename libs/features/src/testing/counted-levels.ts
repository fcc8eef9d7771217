/** Rows per level of a column; null is a missing level. */
export function countedLevels(levels: readonly (string | null)[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const level of levels) if (level !== null) counts.set(level, (counts.get(level) ?? 0) + 1);
  return counts;
}
