import type { DetectorDefinition } from '@flowline/config';
import type { HistoryBatch } from '@flowline/db';
import { at, FlowlineError, Numeral } from '@flowline/events';
import { ColumnTableBuilder, tableColumns } from '@flowline/features';

import { cellAt } from './history-cells.ts';
import { type HistoryReader, rowsAt } from './history-reader.ts';

/**
 * Creates the reader of events that the scorer stored. Their columns are already features, and each
 * event was accepted on arrival. `read` throws FlowlineError FLOWLINE_HISTORY_INVALID for rows with
 * other columns.
 * @param untrained times whose events are left out; null for none.
 */
export function storedReader(
  { features }: DetectorDefinition,
  untrained: ((timeMs: number) => boolean) | null = null,
): HistoryReader {
  const { numeric, levels } = tableColumns(features);
  const builder = new ColumnTableBuilder(numeric.length, levels.length);
  return {
    columns: ['exact_values', 'compact_values', 'level_values'].map((name) => ({ name, asName: false })),
    builder,
    read: ({ size, cells }, timesMs) => {
      const leftOut = new Set(untrained === null ? [] : rowsAt(timesMs, untrained));
      const accepted = Array.from({ length: size }, (_, row) => row).filter((row) => !leftOut.has(row));
      const numbers = numeric.map(() => new Float64Array(accepted.length));
      const names = levels.map((): (string | null)[] => []);
      for (const [i, row] of accepted.entries()) {
        const exact = listAt(at(cells, 0), row);
        const compact = listAt(at(cells, 1), row);
        const texts = listAt(at(cells, 2), row);
        const width = Math.max(exact.length, compact.length);
        if (width !== numbers.length || texts.length !== names.length) throw otherColumns();
        for (const [j, column] of numbers.entries()) column[i] = numberOf(exact.at(j) ?? compact.at(j));
        for (const [j, column] of names.entries()) column.push(typeof texts[j] === 'string' ? texts[j] : null);
      }
      builder.append(accepted.length, numbers, names);
      return { accepted, faults: [], excluded: leftOut.size };
    },
  };
}

/** A number, however it is spelled; NaN for a missing one. */
function numberOf(value: unknown): number {
  return typeof value === 'number' || value instanceof Numeral ? Number(value) : NaN;
}

/** List of a row; empty for none. */
function listAt(cells: HistoryBatch['cells'][number], row: number): readonly unknown[] {
  const value = cellAt(cells, row) ?? [];
  if (Array.isArray(value)) return value;
  throw otherColumns();
}

function otherColumns(): FlowlineError {
  return new FlowlineError('FLOWLINE_HISTORY_INVALID', 'A stored event has other columns than the features.', {
    where: 'spec.history.from',
    remedy: 'Apply the detector again, so that events are collected for the features it has now.',
  });
}
