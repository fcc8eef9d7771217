import { type DetectorDefinition, entityOf } from '@flowline/config';
import type { HistoryBatch, WantedColumn } from '@flowline/db';
import { at } from '@flowline/events';
import {
  ColumnTableBuilder,
  createRecordReader,
  EntityWindows,
  type Lookups,
  type ReadResult,
  type RecordFault,
  tableColumns,
  wantedColumns,
  windowsOf,
} from '@flowline/features';

import { rowsExcluded } from './excluded-rows.ts';
import { recordAt } from './history-cells.ts';
import { type PlainBatch, plainHistory } from './plain-history.ts';

/** Rows of a batch that became rows of the table, ascending, and the faults of others. */
export interface ReadRows {
  readonly accepted: readonly number[];
  readonly faults: readonly RecordFault[];
  /** Number of rows left out because their event is excluded from training. */
  readonly excluded: number;
}

/** Converts rows of a history to features, batch by batch in order of time. */
export interface HistoryReader {
  /** Columns of the history that it reads. */
  readonly columns: readonly WantedColumn[];
  /** Rows converted so far. */
  readonly builder: ColumnTableBuilder;
  /**
   * Converts a batch.
   * @param timesMs times of its rows.
   * @param isKept rows that become rows of the table; the others only serve as past.
   */
  read(batch: HistoryBatch, timesMs: Float64Array, isKept: ((row: number) => boolean) | null): ReadRows;
}

/** Events that models do not learn from, by their ids and by their times. */
export interface LeftOut {
  readonly ids?: ReadonlySet<string>;
  readonly times?: ((timeMs: number) => boolean) | null;
}

/** Rows of a batch at certain times, ascending. */
export const rowsAt = (timesMs: Float64Array, has: (timeMs: number) => boolean): number[] =>
  Array.from(timesMs.keys()).filter((row) => has(at(timesMs, row)));

/** Duration of the longest window of a detector's features; 0 if none has one. */
export const longestWindowMs = ({ features }: Pick<DetectorDefinition, 'features'>): number =>
  Math.max(0, ...windowsOf(features).map(({ needs }) => needs.ms));

/** True if a detector has features over the past of its entities. */
export const hasWindows = ({ features }: Pick<DetectorDefinition, 'features'>): boolean =>
  windowsOf(features).length > 0;

/**
 * Creates the reader of a history's rows. Features over windows are computed by the scorer's code
 * from every row.
 * @param seenFromMs time from which all events are among the rows; null: that of the first row.
 * @param left events that only serve as past, by their ids and times.
 */
export function historyReader(
  definition: DetectorDefinition,
  lookups: Lookups,
  columnNames: readonly string[],
  seenFromMs: number | null,
  { ids: excluded = new Set(), times: untrained = null }: LeftOut = {},
): HistoryReader {
  const { features: schema, source } = definition;
  const entity = entityOf(definition) ?? { key: [], time: source.time };
  const ids = excluded.size === 0 || source.eventId === null ? [] : [source.eventId];
  const columns = wantedColumns(schema, [...entity.key, ...ids], columnNames);
  const excludedById = rowsExcluded(source.eventId, columns, excluded);
  const leftOutOf = (batch: HistoryBatch, timesMs: Float64Array): ReadonlySet<number> =>
    untrained === null ? excludedById(batch) : new Set([...excludedById(batch), ...rowsAt(timesMs, untrained)]);
  const { numeric, levels } = tableColumns(schema);
  const builder = new ColumnTableBuilder(numeric.length, levels.length);
  const reader = createRecordReader(schema, lookups);
  if (hasWindows(definition)) {
    let windows: EntityWindows | null = null;
    let seen = 0;
    return {
      columns,
      builder,
      read: (batch, timesMs, isKept) => {
        windows ??= new EntityWindows({ schema, lookups, entity, seenFromMs: seenFromMs ?? at(timesMs, 0) });
        const offsets = Float64Array.from({ length: batch.size }, (_, i) => seen + i);
        seen += batch.size;
        const read = reader.read(recordsOf(columns, batch), windows.batch(offsets, timesMs));
        return append(builder, read, isKept, leftOutOf(batch, timesMs));
      },
    };
  }
  const plain = reader.plain === null ? null : plainHistory(reader.plain, columns);
  return {
    columns,
    builder,
    read: (batch, timesMs, isKept) => {
      const leftOut = leftOutOf(batch, timesMs);
      if (plain === null) return append(builder, reader.read(recordsOf(columns, batch)), isKept, leftOut);
      return appendPlain(builder, plain(batch), (row) => reader.read([recordAt(columns, batch, row)]), leftOut);
    },
  };
}

const recordsOf = (columns: readonly WantedColumn[], batch: HistoryBatch): readonly object[] =>
  Array.from({ length: batch.size }, (_, row) => recordAt(columns, batch, row));

/** Appends the rows of a table that are kept. */
function append(
  builder: ColumnTableBuilder,
  { table, accepted, faults }: ReadResult,
  isKept: ((row: number) => boolean) | null,
  leftOut: ReadonlySet<number>,
): ReadRows {
  const wanted = Array.from(accepted.keys()).filter((row) => isKept === null || isKept(at(accepted, row)));
  const kept = leftOut.size === 0 ? wanted : wanted.filter((row) => !leftOut.has(at(accepted, row)));
  builder.appendRows(table, kept);
  return {
    accepted: kept.map((row) => at(accepted, row)),
    faults,
    excluded: wanted.length - kept.length,
  };
}

/** Appends plain rows; each other row as it is read by itself. */
function appendPlain(
  builder: ColumnTableBuilder,
  { numbers, levels, usual }: PlainBatch,
  readRow: (row: number) => ReadResult,
  leftOut: ReadonlySet<number>,
): ReadRows {
  const accepted: number[] = [];
  const faults: RecordFault[] = [];
  const size = usual.length;
  for (const row of leftOut) usual[row] = 0;
  let start = 0;
  const appendUntil = (end: number): void => {
    builder.append(end, numbers, levels, start);
    for (let row = start; row < end; row++) accepted.push(row);
  };
  for (let row = usual.indexOf(0); row >= 0; row = usual.indexOf(0, row + 1)) {
    appendUntil(row);
    start = row + 1;
    if (leftOut.has(row)) continue;
    const read = readRow(row);
    faults.push(...read.faults.map((fault) => ({ ...fault, index: row })));
    if (read.table.size === 0) continue;
    builder.appendRows(read.table, [0]);
    accepted.push(row);
  }
  appendUntil(size);
  return { accepted, faults, excluded: leftOut.size };
}
