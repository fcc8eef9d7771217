import { at, FlowlineError } from '@flowline/events';

import type { FittedParts } from './encode-table.ts';
import type { FeatureTable } from './feature-table.ts';
import type { Layout } from './layout.ts';
import type { LevelColumn } from './level-column.ts';
import { modulo } from './time.ts';

/** Inverse of encodeTable, as far as one exists. */
export function decodeRows(layout: Layout, parts: FittedParts, rows: Float32Array, size: number): FeatureTable {
  const width = layout.dimensions + layout.contextNames.length;
  if (rows.length !== size * width) {
    throw new FlowlineError(
      'FLOWLINE_FEATURES_INVALID',
      `${rows.length} numbers are not ${size} encoded rows of ${width}.`,
    );
  }
  const numericWidth = parts.numeric.length;
  const levelWidth = parts.levels.length;
  const numeric = new Float64Array(size * numericWidth).fill(NaN);
  const levels = Array.from<string | null>({ length: size * levelWidth }).fill(null);
  for (let row = 0; row < size; row++) {
    const cell = (column: number): number => at(rows, row * width + column);
    for (const { spec, kind, tableColumn, column, presenceColumn } of layout.places) {
      if (presenceColumn >= 0 && cell(presenceColumn) === 0) continue;
      if (kind === 'levels') {
        const levelColumn = parts.levels[tableColumn];
        levels[row * levelWidth + tableColumn] = levelColumn === undefined ? null : hotLevel(levelColumn, column, cell);
      } else if (kind === 'cyclic') {
        const turn = Math.atan2(cell(column), cell(column + 1)) / (2 * Math.PI);
        numeric[row * numericWidth + tableColumn] = modulo(turn, 1) * (spec.period ?? 1);
      } else {
        const numericColumn = parts.numeric[tableColumn];
        const value = numericColumn?.decode(cell(column)) ?? NaN;
        numeric[row * numericWidth + tableColumn] = numericColumn?.nearest(value) ?? NaN;
      }
    }
  }
  return { size, numeric, numericWidth, levels, levelWidth };
}

/**
 * Level whose one-hot column is 1. Null if there is none, or if it stands for all unseen levels.
 */
function hotLevel(column: LevelColumn, start: number, at: (column: number) => number): string | null {
  const index = column.columns.findIndex((oneHot) => oneHot >= 0 && at(start + oneHot) === 1);
  return index < 0 ? null : column.levelAt(index);
}
