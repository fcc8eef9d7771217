import { levelText } from './level-text.ts';

/** The index of a missing level. */
export const MISSING = -1;

/** Added to every count, so that no level has probability 0 (R. Krichevsky, V. Trofimov, 1981). */
const PSEUDO_COUNT = 0.5;

/** The levels of a column with their counts in the training rows, as plain JSON. */
export interface LevelColumnConfig {
  /** Most frequent first; ties in the order of their text. */
  readonly levels: readonly string[];
  readonly counts: readonly number[];
  /** Training rows whose level is none of them: beyond maxLevels. */
  readonly unseen: number;
  /** No other level can occur (boolean): none has mass. */
  readonly closed: boolean;
}

/**
 * A categorical column: its levels, their smoothed probabilities, and where each stands among the one-hot columns.
 * P(level) = (count + ½)/(n + ½·m) over the m levels and the mass of all unseen ones, which is one of them.
 */
export class LevelColumn {
  readonly config: LevelColumnConfig;
  /** The index of every level that is not among `levels`. */
  readonly unseenIndex: number;
  /** One-hot column of each index, or −1: an index without a training row has none, since its weights would be untrained. */
  readonly columns: Int32Array;
  /** Number of one-hot columns. */
  readonly width: number;
  private readonly indices: ReadonlyMap<string, number>;
  private readonly probabilities: Float64Array;

  constructor(config: LevelColumnConfig) {
    this.config = config;
    this.unseenIndex = config.levels.length;
    this.indices = new Map(config.levels.map((level, index) => [levelText(level), index]));
    const counts = [...config.counts, config.unseen];
    const masses = counts.map((count, index) =>
      config.closed && index === this.unseenIndex ? count : count + PSEUDO_COUNT,
    );
    const total = masses.reduce((sum, mass) => sum + mass, 0);
    this.probabilities = Float64Array.from(masses, (mass) => mass / total);
    let width = 0;
    this.columns = Int32Array.from(counts, (count) => (count > 0 ? width++ : -1));
    this.width = width;
  }

  /** 0 … levels − 1; levels.length for an unseen level; −1 for a missing one. */
  indexOf(level: string | null): number {
    return level === null ? MISSING : (this.indices.get(level) ?? this.unseenIndex);
  }

  /** P(index), of a level or of all unseen ones together. */
  probability(index: number): number {
    return this.probabilities[index] ?? 0;
  }

  /** The level at an index; null for the unseen ones. */
  levelAt(index: number): string | null {
    return this.config.levels[index] ?? null;
  }
}

/** Counts the levels of a column, and keeps the `maxLevels` most frequent ones. `boolean` fixes them to true and false. */
export function fitLevelColumn(
  values: readonly (string | null)[],
  options: { readonly maxLevels: number; readonly boolean: boolean },
): LevelColumn {
  const counts = new Map<string, number>(
    options.boolean
      ? [
          ['false', 0],
          ['true', 0],
        ]
      : [],
  );
  for (const value of values) if (value !== null) counts.set(value, (counts.get(value) ?? 0) + 1);
  const ranked = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  const kept = ranked.slice(0, options.boolean ? 2 : options.maxLevels);
  return new LevelColumn({
    levels: kept.map(([level]) => level),
    counts: kept.map(([, count]) => count),
    unseen: ranked.slice(kept.length).reduce((sum, [, count]) => sum + count, 0),
    closed: options.boolean,
  });
}
