import type { FittedParts } from './encode-table.ts';
import type { FeatureEncodingConfig } from './encoding-config.ts';
import { layoutOf, type Layout } from './layout.ts';
import { LevelChain } from './level-chain.ts';
import { LevelColumn } from './level-column.ts';
import { MissingPatterns } from './missing-patterns.ts';
import { NumericColumn } from './numeric-column.ts';

/** Builds the columns of a valid config, and their places in a row. */
export function fittedParts({ schema, numeric, levels, chains, missingPatterns }: FeatureEncodingConfig): {
  readonly layout: Layout;
  readonly parts: FittedParts;
} {
  const columns = levels.map((level) => new LevelColumn(level));
  return {
    layout: layoutOf(schema, columns.map(oneHotNames)),
    parts: {
      numeric: numeric.map((column) => (column === null ? null : new NumericColumn(column))),
      levels: columns,
      chains: columns.map((column, i) => new LevelChain(column, chains[i] ?? null)),
      patterns: new MissingPatterns(schema.length, missingPatterns),
    },
  };
}

function oneHotNames(column: LevelColumn): readonly string[] {
  const names: string[] = [];
  column.columns.forEach((at, index) => {
    if (at >= 0) names.push(column.levelAt(index) ?? '(unseen)');
  });
  return names;
}
