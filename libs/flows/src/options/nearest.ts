import { at } from '../at.ts';

/** Known name closest to a misspelt one, ignoring case. Undefined if none is close enough. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  // Beyond 40 % of the letters a suggestion is more often misleading than helpful.
  const most = Math.max(2, Math.floor(name.length * 0.4));
  const ranked = known
    .map((candidate) => ({ candidate, edits: edits(name.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ candidate, edits }) => edits <= most && edits < candidate.length)
    .sort((a, b) => a.edits - b.edits);
  return ranked[0]?.candidate;
}

/**
 * Levenshtein distance: minimum number of insertions, deletions and substitutions that turn one
 * text into the other.
 */
function edits(from: string, to: string): number {
  const first = Array.from({ length: to.length + 1 }, (_, i) => i);
  const last = Array.from(from).reduce((above, letter, i) => {
    const row = [i + 1];
    for (const [j, other] of Array.from(to).entries()) {
      const [diagonal = 0, up = 0] = above.slice(j, j + 2);
      row.push(Math.min(diagonal + (letter === other ? 0 : 1), up + 1, at(row, j) + 1));
    }
    return row;
  }, first);
  return last.at(-1) ?? from.length;
}
