import { at, blocksOf, DAY_MS, FlowlineError } from '@flowline/events';
import { type ColumnTable, ColumnTableBuilder, compileEventTime, Fault } from '@flowline/features';
import { createFileReader } from '@flowline/operations/scoring';
import { type DataTable, recordsOf } from '@flowline/tables';

import type { FitPlan } from './plan.ts';

/** Rows of a table as a history: features in time order. */
export interface FileHistory {
  readonly table: ColumnTable;
  /** Time of each row, ascending; without a time column its number. */
  readonly timesMs: Float64Array;
  /** True if the rows have times. */
  readonly isTimed: boolean;
  readonly eventsPerDay: number;
  /** Rows that do not fit the features, and the first reason. */
  readonly rejected: { readonly rows: number; readonly example: string | null };
}

/** Records read at once. */
const BLOCK_ROWS = 4_096;
/** Share of rows that do not fit, beyond which the table is not what the features say. */
const MOST_REJECTED = 0.05;

/**
 * Reads the rows of a table as a history, in time order; without a time column in their own.
 * @throws FlowlineError FLOWLINE_HISTORY_INVALID if more than 5 % of the rows do not fit, or have
 *   no time.
 */
export function readHistory(data: DataTable, { spec, names }: Pick<FitPlan, 'spec' | 'names'>): FileHistory {
  const timeOf = names.time === null ? null : compileEventTime(names.time);
  const records = recordsOf(data);
  const faults: string[] = [];
  const timed = records.flatMap((record, row) => {
    const timeMs = timeOf === null ? row : timeOf(record);
    if (!(timeMs instanceof Fault)) return [{ record, timeMs }];
    faults.push(timeMs.message);
    return [];
  });
  const ordered = timed.toSorted((a, b) => a.timeMs - b.timeMs);
  const { schema, lookups, entity = null } = spec;
  const reader = createFileReader({ schema, lookups, entity });
  const levelWidth = schema.filter(({ type }) => type === 'categorical' || type === 'boolean').length;
  const builder = new ColumnTableBuilder(schema.length - levelWidth, levelWidth);
  const times: number[] = [];
  for (const [start, end] of blocksOf(ordered.length, BLOCK_ROWS)) {
    const block = ordered.slice(start, end);
    const read = reader(block.map(({ record }) => record));
    builder.appendRows(read.table);
    for (const row of read.accepted) times.push(at(block, row).timeMs);
    faults.push(...read.faults.map(({ message }) => message));
  }
  checkRejected(data, faults);
  const timesMs = Float64Array.from(times);
  return {
    ...{ table: builder.table(), timesMs, isTimed: timeOf !== null },
    eventsPerDay: timeOf === null ? NaN : perDay(timesMs),
    rejected: { rows: faults.length, example: faults.at(0) ?? null },
  };
}

/** Events per day between the first and the last, of at least an hour. */
function perDay(timesMs: Float64Array): number {
  const span = timesMs.length === 0 ? 0 : at(timesMs, timesMs.length - 1) - at(timesMs, 0);
  return timesMs.length / Math.max(span / DAY_MS, 1 / 24);
}

function checkRejected({ where, size }: DataTable, faults: readonly string[]): void {
  if (faults.length <= MOST_REJECTED * size) return;
  const share = Math.round((100 * faults.length) / size);
  throw new FlowlineError('FLOWLINE_HISTORY_INVALID', `${share} % of the rows of ${where} do not fit the features.`, {
    where,
    remedy: `Correct the features or the file. The first: ${faults.at(0) ?? ''}`,
  });
}
