import type { DetectorDefinition } from '@flowline/config';
import type { HistoryRow } from '@flowline/db';
import { FlowlineError, type FeatureSpec } from '@flowline/events';
import { type FeatureTable, tableColumns } from '@flowline/features';

import type { HistoryReading, WantedRows } from './history-chunks.ts';

/**
 * Plans the reading of events that the scorer stored. Their columns are already features, and each
 * event was accepted on arrival. `read` throws FlowlineError FLOWLINE_HISTORY_INVALID for rows with
 * other columns.
 */
export function storedReading({ features, history }: DetectorDefinition, { from }: WantedRows): HistoryReading {
  const toTable = storedEventReader(features);
  return {
    range: { ...(from === null ? {} : { from }), maxRows: history.maxRows },
    read: (rows, timesMs) => ({ table: toTable(rows as readonly HistoryRow[]), timesMs, faults: [] }),
  };
}

function storedEventReader(features: readonly FeatureSpec[]): (rows: readonly HistoryRow[]) => FeatureTable {
  const columns = tableColumns(features);
  const numericWidth = columns.numeric.length;
  const levelWidth = columns.levels.length;
  return (rows) => {
    const numeric = new Float64Array(rows.length * numericWidth);
    const levels: (string | null)[] = [];
    for (const [row, { numeric_values: numbers, level_values: texts }] of rows.entries()) {
      if (!isList(numbers, numericWidth) || !isList(texts, levelWidth)) throw otherColumns();
      for (const [column, value] of numbers.entries()) {
        numeric[row * numericWidth + column] = typeof value === 'number' ? value : NaN;
      }
      for (const text of texts) levels.push(typeof text === 'string' ? text : null);
    }
    return { size: rows.length, numeric, numericWidth, levels, levelWidth };
  };
}

function isList(value: unknown, width: number): value is readonly unknown[] {
  return Array.isArray(value) && value.length === width;
}

function otherColumns(): FlowlineError {
  return new FlowlineError('FLOWLINE_HISTORY_INVALID', 'A stored event has other columns than the features.', {
    where: 'spec.history.from',
    remedy: 'Apply the detector again, so that events are collected for the features it has now.',
  });
}
