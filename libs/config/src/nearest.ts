import { at } from '@flowline/events';

/**
 * Levenshtein distance: the minimum number of insertions, deletions and substitutions between two
 * texts.
 */
export function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = at(previous, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      current.push(Math.min(substitution, at(previous, j) + 1, at(current, j - 1) + 1));
    }
    previous = current;
  }
  return at(previous, b.length);
}

/**
 * The candidate closest to a misspelt name, ignoring case. Undefined if none is close enough to be
 * meant.
 */
export function nearest(name: string, candidates: readonly string[]): string | undefined {
  // Beyond 40 % of the letters, a suggestion misleads more often than it helps.
  let least = Math.max(2, Math.floor(name.length * 0.4)) + 1;
  let found: string | undefined;
  for (const candidate of candidates) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance < least && distance < candidate.length) {
      least = distance;
      found = candidate;
    }
  }
  return found;
}
