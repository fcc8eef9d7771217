import { FlowlineError } from '@flowline/events';

import type { RowFormat } from './binary-rows.ts';
import { cellFormat, isTimeType, type WantedColumn } from './history-cells.ts';
import { type CheckedHistory, type HistoryRange, quoteIdentifier, ROW } from './history-query.ts';

/** Rows of a history to read. */
export interface HistoryRead {
  readonly columns: readonly WantedColumn[];
  /** Time range. Without one, rows without a valid time are read too (last, if in order). */
  readonly range?: HistoryRange;
  /** Maximum rows: of as many stretches of the range with equally many rows, one at random each. */
  readonly maxRows?: number;
  /** Seed of that choice (default 0). */
  readonly seed?: number;
  /** Asks for the totals of the rows from this time on, before they are thinned. */
  readonly totalsFrom?: Date;
  /**
   * True if the rows may come in any order, which spares the server a sort. Thinned rows and those
   * with totals come in order of time all the same.
   */
  readonly inAnyOrder?: boolean;
}

/** SELECT of a history's rows, and the meaning of its columns. */
export interface HistoryRows {
  readonly text: string;
  readonly formats: readonly RowFormat[];
  readonly places: HistoryPlaces;
}

/** Places of columns; null for those that are not there. */
interface HistoryPlaces {
  readonly time: number;
  readonly timeValue: number | null;
  readonly badTime: number | null;
  /** Place of the number of rows; the time of the first one follows. */
  readonly totals: number | null;
  /** Place of the first wanted column; the others follow. */
  readonly wanted: number;
}

const MAX_BIGINT = '9223372036854775807';
/** Length to which invalid times are shown. */
const SHOWN = 40;

/**
 * Builds the SELECT of a reading. It has no parameters, which COPY cannot take.
 */
export function historyRows(history: CheckedHistory, request: HistoryRead): HistoryRows {
  const { time, isTime, column, table, timeType } = history;
  const selected: string[] = [];
  const formats: RowFormat[] = [];
  const add = (text: string, format: RowFormat): number => {
    formats.push(format);
    return selected.push(text) - 1;
  };
  const { range, totalsFrom } = request;
  const places = {
    time: add(range === undefined ? `CASE WHEN ${isTime} THEN ${time} END` : time, 'time'),
    timeValue: isTimeType(timeType) ? null : addCell(add, column, timeType, false),
    badTime:
      range === undefined
        ? add(`CASE WHEN (${isTime}) IS NOT TRUE THEN left(${column}::text, ${SHOWN}) END`, 'text')
        : null,
    totals: totalsFrom === undefined ? null : add('flowline_rows', 'int8'),
    wanted: 0,
  };
  if (totalsFrom !== undefined) add('flowline_first', 'time');
  places.wanted = formats.length;
  for (const { name, asName } of request.columns) {
    addCell(add, `${ROW}.${quoteIdentifier(name)}`, typeOf(history, name), asName);
  }
  const condition = range === undefined ? '' : ` WHERE ${conditionOf(history, range)}`;
  const from = totalsFrom === undefined ? `${table}${condition}` : numbered(history, condition, totalsFrom, request);
  const inAnyOrder = request.inAnyOrder === true && totalsFrom === undefined;
  const order = inAnyOrder ? '' : ` ORDER BY ${totalsFrom === undefined ? time : 'flowline_place'}`;
  return { text: `SELECT ${selected.join(', ')} FROM ${from}${order}`, formats, places };
}

function addCell(
  add: (text: string, format: RowFormat) => number,
  column: string,
  type: number,
  asName: boolean,
): number {
  const format = cellFormat(type, asName);
  return add(format === 'json' || format === 'list' ? `to_json(${column})::text` : column, format);
}

function typeOf(history: CheckedHistory, name: string): number {
  const type = history.types.get(name);
  if (type !== undefined) return type;
  throw new FlowlineError('FLOWLINE_HISTORY_INVALID', `The history has no column "${name}".`, {
    where: 'spec.history.query',
    remedy: `Add it to the query, or correct the features; the query has ${[...history.types.keys()].join(', ')}.`,
  });
}

/**
 * The table with the number of each row, that of all rows from a time on, and the time of the first
 * of those; thinned to at most `maxRows`. Row r (from 0) lies in stretch floor(r·max/total), of
 * which one row is kept by a hash of the stretch: a fixed one would be the same of ten sensors that
 * report in turn.
 */
function numbered(
  { time, table }: CheckedHistory,
  condition: string,
  totalsFrom: Date,
  { maxRows, seed = 0 }: HistoryRead,
): string {
  const isCounted = `${time} >= ${literal(totalsFrom)}`;
  const all = `(SELECT ${ROW}.*, row_number() OVER (ORDER BY ${time}) AS flowline_place,
      count(*) FILTER (WHERE ${isCounted}) OVER () AS flowline_rows, min(${time}) FILTER (WHERE ${isCounted}) OVER () AS flowline_first
    FROM ${table}${condition}) AS ${ROW}`;
  if (maxRows === undefined) return all;
  const most = `least(${Math.trunc(maxRows)}, flowline_rows)::bigint`;
  const stretch = `(flowline_place - 1) * ${most} / flowline_rows`;
  const start = (of: string): string => `((${of}) * flowline_rows + ${most} - 1) / ${most}`;
  const [first, next] = [start(stretch), start(`${stretch} + 1`)];
  const hash = `(hashint8extended(${stretch}, ${Math.trunc(seed)}) & ${MAX_BIGINT})`;
  return `${all} WHERE flowline_place - 1 = ${first} + ${hash} % (${next} - ${first})`;
}

function conditionOf({ time, isTime }: CheckedHistory, { from, to }: HistoryRange): string {
  const conditions = [`(${isTime})`];
  if (from !== undefined) conditions.push(`${time} >= ${literal(from)}`);
  if (to !== undefined) conditions.push(`${time} < ${literal(to)}`);
  return conditions.join(' AND ');
}

/** A time as SQL; times before the year 1 are before all valid ones. */
const literal = (time: Date): string =>
  time.getUTCFullYear() < 1 ? "timestamptz '-infinity'" : `timestamptz '${time.toISOString()}'`;
