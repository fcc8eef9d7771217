import { at, missing } from '@flowline/events';
import { levelText } from './level-text.ts';

/** Index of a missing level. */
export const MISSING = -1;

/** Added to every count, so that no level has probability 0 (R. Krichevsky, V. Trofimov, 1981). */
const PSEUDO_COUNT = 0.5;

/** Levels of a column with their counts in the training rows, as plain JSON. */
export interface LevelColumnConfig {
  /** Most frequent first; ties in text order. */
  readonly levels: readonly string[];
  readonly counts: readonly number[];
  /** Number of training rows with any other level, beyond maxLevels. */
  readonly unseen: number;
  /** True if no other level can occur (boolean): unseen levels have no mass. */
  readonly closed: boolean;
}

/**
 * Categorical column: its levels, their smoothed probabilities, and their one-hot columns. P(level)
 * = (count + ½)/(n + ½·m), where the m levels include one for all unseen levels together.
 */
export class LevelColumn {
  readonly config: LevelColumnConfig;
  /** Index of every level that is not among `levels`. */
  readonly unseenIndex: number;
  /**
   * One-hot column per index, or −1. An index without training rows has none, since its weights
   * would be untrained.
   */
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

  /** Index of a level: 0 … levels − 1, levels.length for an unseen level, −1 for a missing one. */
  indexOf(level: string | null): number {
    return level === null ? MISSING : (this.indices.get(level) ?? this.unseenIndex);
  }

  /** P(index), for a level or for all unseen levels together. */
  probability(index: number): number {
    return this.probabilities[index] ?? missing(this.probabilities, index);
  }

  /** Level at an index; null for the unseen levels. */
  levelAt(index: number): string | null {
    return index === this.unseenIndex ? null : at(this.config.levels, index);
  }
}

/**
 * Keeps the `maxLevels` most frequent levels of a column. With `boolean`, the levels are true and
 * false.
 * @param counted training rows per level, each level once.
 */
export function fitLevelColumn(
  counted: Iterable<readonly [level: string, rows: number]>,
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
  for (const [level, rows] of counted) if (rows > 0) counts.set(level, rows);
  const ranked = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  const kept = ranked.slice(0, options.boolean ? 2 : options.maxLevels);
  return new LevelColumn({
    levels: kept.map(([level]) => level),
    counts: kept.map(([, count]) => count),
    unseen: ranked.slice(kept.length).reduce((sum, [, count]) => sum + count, 0),
    closed: options.boolean,
  });
}
