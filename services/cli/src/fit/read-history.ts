import { at, blocksOf, DAY_MS, type EventTimeSpec, FlowlineError } from '@flowline/events';
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
  readonly rejected: RejectedRows;
}

interface RejectedRows {
  readonly rows: number;
  readonly example: string | null;
}

/** Records read at once: those of all rows would take more memory than the table. */
const BLOCK_ROWS = 4_096;
/** Share of rows that do not fit, beyond which the table is not what the features say. */
const MOST_REJECTED = 0.05;

/**
 * Reads the rows of a table as a history, in time order; without a time column in their own.
 * @throws FlowlineError FLOWLINE_HISTORY_INVALID if more than 5 % of the rows do not fit, or have
 *   no time; or if features look back, and the table has not every row.
 */
export function readHistory(data: DataTable, { spec, names }: Pick<FitPlan, 'spec' | 'names'>): FileHistory {
  const { schema, lookups, entity = null } = spec;
  if (entity !== null && data.rowsRead > data.size) throw tooLong(data);
  const ordered = orderOf(data, names.time);
  const reader = createFileReader({ schema, lookups, entity });
  const levelWidth = schema.filter(({ type }) => type === 'categorical' || type === 'boolean').length;
  const builder = new ColumnTableBuilder(schema.length - levelWidth, levelWidth);
  const times: number[] = [];
  let { rejected } = ordered;
  for (const [start, end] of blocksOf(ordered.rows.length, BLOCK_ROWS)) {
    const block = ordered.rows.subarray(start, end);
    const read = reader(recordsOf(data, block));
    builder.appendRows(read.table);
    for (const row of read.accepted) times.push(at(ordered.timesMs, at(block, row)));
    rejected = also(rejected, read.faults);
  }
  checkRejected(data, rejected);
  const timesMs = Float64Array.from(times);
  const isTimed = names.time !== null;
  return {
    ...{ table: builder.table(), timesMs, isTimed, rejected },
    eventsPerDay: isTimed ? (perDay(timesMs) * data.rowsRead) / data.size : NaN,
  };
}

/** Rows in time order; those without a time are rejected. */
interface OrderedRows {
  readonly rows: Int32Array;
  /** Time of each row of the table. */
  readonly timesMs: Float64Array;
  readonly rejected: RejectedRows;
}

function orderOf(data: DataTable, time: EventTimeSpec | null): OrderedRows {
  const all = Int32Array.from({ length: data.size }, (_, row) => row);
  let rejected: RejectedRows = { rows: 0, example: null };
  if (time === null) return { rows: all, timesMs: Float64Array.from(all), rejected };
  const timeOf = compileEventTime(time);
  // Records with nothing but their time.
  const timed = { ...data, columns: data.columns.filter(({ name }) => name === time.field) };
  const timesMs = new Float64Array(data.size);
  for (const [start, end] of blocksOf(data.size, BLOCK_ROWS)) {
    for (const [i, record] of recordsOf(timed, all.subarray(start, end)).entries()) {
      const found = timeOf(record);
      if (found instanceof Fault) rejected = also(rejected, [found]);
      timesMs[start + i] = found instanceof Fault ? NaN : found;
    }
  }
  const rows = all.filter((row) => !Number.isNaN(at(timesMs, row)));
  // The sort is stable: rows of one time stay in the order of the file.
  return { rows: rows.toSorted((a, b) => at(timesMs, a) - at(timesMs, b)), timesMs, rejected };
}

const also = ({ rows, example }: RejectedRows, faults: readonly { readonly message: string }[]): RejectedRows => ({
  rows: rows + faults.length,
  example: example ?? faults.at(0)?.message ?? null,
});

/** Warning about rows that do not fit, if there are any. */
export const rejectedWarnings = ({ rejected: { rows, example } }: Pick<FileHistory, 'rejected'>): string[] =>
  rows === 0
    ? []
    : [`${rows === 1 ? '1 row does not fit and is' : `${rows} rows do not fit and are`} left out: ${example ?? ''}`];

/** Events per day between the first and the last, of at least an hour. */
function perDay(timesMs: Float64Array): number {
  const span = timesMs.length === 0 ? 0 : at(timesMs, timesMs.length - 1) - at(timesMs, 0);
  return timesMs.length / Math.max(span / DAY_MS, 1 / 24);
}

/** Windows over some of the rows would count and add up some of the events. */
const tooLong = ({ where, size, rowsRead }: DataTable): FlowlineError =>
  new FlowlineError(
    'FLOWLINE_HISTORY_INVALID',
    `${where} has ${rowsRead.toLocaleString('en')} rows, of which ${size.toLocaleString('en')} fit into memory: features that look back need each one.`,
    { where, remedy: 'Cut the file to its newest rows, or train from the database: flowline train.' },
  );

function checkRejected({ where, size }: DataTable, { rows, example }: RejectedRows): void {
  if (rows <= MOST_REJECTED * size) return;
  const share = Math.round((100 * rows) / size);
  throw new FlowlineError('FLOWLINE_HISTORY_INVALID', `${share} % of the rows of ${where} do not fit the features.`, {
    where,
    remedy: `Correct the file (a missing value is an empty cell) or the features. The first: ${example ?? ''}`,
  });
}
