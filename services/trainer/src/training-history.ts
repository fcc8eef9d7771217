import type { DetectorDefinition } from '@flowline/config';
import {
  type Database,
  eventHistory,
  type HistorySummary,
  readHistory,
  readLookup,
  summariseHistory,
} from '@flowline/db';
import { FlowlineError, type LookupTable, Numeral, printable } from '@flowline/events';
import { concatTables, emptyTable, type FeatureTable, parseTime } from '@flowline/features';

import { checkColumns } from './check-columns.ts';
import { eventsPerDay } from './events-per-day.ts';
import { historyReading } from './history-chunks.ts';
import { storedReading } from './stored-events.ts';
import { type UsualTimes, usualTimes } from './usual-times.ts';

/** History of a detector as features, in time order. */
export interface TrainingHistory {
  readonly table: FeatureTable;
  /** Time of each row of the table, ascending. */
  readonly timesMs: Float64Array;
  /** Lookup tables as of the reading of the history; they become part of the model. */
  readonly lookups: Readonly<Record<string, LookupTable>>;
  /** Rows read, including those that did not fit and are not in the table. */
  readonly rowsRead: number;
  /** Rows left out, by reason. */
  readonly rejected: Readonly<Record<string, number>>;
  /** Rows of the lookback per day that has data (see {@link eventsPerDay}). */
  readonly eventsPerDay: number;
  /** Warnings about the history for a person, one sentence each. */
  readonly warnings: readonly string[];
}

/** Maximum share of rows that do not fit. With more, the detector does not describe its history. */
const MAX_REJECTED_SHARE = 0.05;
const UNIT_MS = { ms: 1, s: 1000, us: 0.001, iso: 1 } as const;

/**
 * Reads a detector's history by a cursor: its newest `lookback`, at most `maxRows`, evenly spread.
 * Rows that do not fit the features, and rows whose time is invalid or far from all others, are
 * left out and counted by reason.
 * @throws FlowlineError FLOWLINE_HISTORY_INVALID (also for a missing column, and if more than 5 %
 * of the rows do not fit), FLOWLINE_ABORTED.
 */
export async function readTrainingHistory(
  db: Database,
  definition: DetectorDefinition,
  signal: AbortSignal,
): Promise<TrainingHistory> {
  const { history, source, features } = definition;
  const request =
    history.query === null
      ? await eventHistory(db, definition.name)
      : { query: history.query, timeColumn: history.timeColumn, timeUnit: source.time.unit };
  const whole = await summariseHistory(db, request);
  if (history.query !== null) checkColumns(definition, whole);
  const times = usualTimes(whole.days, history.lookbackMs);
  const rejected = new Rejections();
  rejected.addTimes(request.timeColumn, whole, times);
  const range = rangeOf(times, history.lookbackMs);
  const summary = await summariseHistory(db, { ...request, ...range });

  const lookups = await readLookups(db, definition);
  const rangeWanted = { from: range.from ?? null, rows: summary.rows };
  const reading =
    history.query === null ? storedReading(definition, rangeWanted) : historyReading(definition, lookups, rangeWanted);
  const tables: FeatureTable[] = [];
  const readTimes: Float64Array[] = [];
  let rowsRead = 0;
  for await (const rows of readHistory(db, { ...request, ...range, ...reading.range })) {
    signal.throwIfAborted();
    const rowTimesMs = Float64Array.from(rows, (row) => timeOf(row[request.timeColumn], request.timeUnit ?? 'ms'));
    const { table, timesMs, faults } = reading.read(rows, rowTimesMs);
    tables.push(table);
    readTimes.push(timesMs);
    rejected.add(faults);
    rowsRead += rows.length;
  }
  rejected.check(rowsRead);
  // Only a sample of the stored events may have been kept.
  const share = history.query === null ? definition.retention.sample : 1;

  return {
    table: tables.length === 0 ? emptyTable(features) : concatTables(tables),
    timesMs: concatTimes(readTimes),
    lookups,
    rowsRead,
    rejected: rejected.counts,
    eventsPerDay: eventsPerDay(summary.days) / share,
    warnings: rejected.warnings,
  };
}

/** The newest lookback of the usual times. */
function rangeOf(times: UsualTimes | null, lookbackMs: number | null): { readonly from?: Date; readonly to?: Date } {
  if (times === null) return {};
  const { fromMs, toMs, stray } = times;
  const fromWanted = lookbackMs === null ? -Infinity : toMs - lookbackMs;
  // Includes the microseconds of the last row.
  const to = stray === null ? {} : { to: new Date(toMs + 1) };
  if (stray === null && fromWanted === -Infinity) return {};
  return { from: new Date(Math.max(fromWanted, stray === null ? -Infinity : fromMs)), ...to };
}

async function readLookups(db: Database, definition: DetectorDefinition): Promise<Record<string, LookupTable>> {
  const lookups: Record<string, LookupTable> = {};
  for (const [name, source] of Object.entries(definition.lookups)) {
    lookups[name] = 'table' in source ? source.table : await readLookup(db, name, source.query, source.key);
  }
  return lookups;
}

/** Rows left out: their number by reason, and the first of each as an example. */
class Rejections {
  readonly counts: Record<string, number> = {};
  readonly warnings: string[] = [];
  readonly #first: string[] = [];
  #unfit = 0;

  add(faults: readonly { readonly reason: string; readonly field: string | null; readonly message: string }[]): void {
    for (const { reason, field, message } of faults) {
      const key = field === null ? reason : `${reason} ${field}`;
      if (this.counts[key] === undefined) this.#first.push(message);
      this.#count(key, 1);
    }
    this.#unfit += faults.length;
  }

  /**
   * Counts the rows that the database left out for their time.
   * @throws FlowlineError FLOWLINE_HISTORY_INVALID if the time of more than 5 % of the rows is
   * invalid.
   */
  addTimes(column: string, whole: HistorySummary, times: UsualTimes | null): void {
    const { rows, rowsWithoutTime, badTimes } = whole;
    const stray = times?.stray ?? null;
    this.#count(`missing_field ${column}`, rowsWithoutTime);
    this.#count(`bad_time ${column}`, badTimes.rows);
    this.#count(`stray_time ${column}`, stray?.rows ?? 0);
    if (badTimes.rows > 0) {
      const found = `${column} is no time in ${badTimes.rows} of ${rows + badTimes.rows} rows`;
      if (badTimes.rows > MAX_REJECTED_SHARE * (rows + badTimes.rows)) {
        const example = printable(JSON.stringify(badTimes.example));
        throw new FlowlineError('FLOWLINE_HISTORY_INVALID', `The history's ${found}, such as ${example}.`, {
          where: 'spec.history.timeColumn',
          publicMessage: `The history's ${found}.`,
          remedy:
            'Name a column of times (ISO 8601 text, a timestamp, or a number in source.time.unit), or leave such rows out in the query.',
        });
      }
      this.warnings.push(`left out: the history's ${found}`);
    }
    if (stray !== null) {
      const range = [stray.firstMs, stray.lastMs].map((time) => new Date(time).toISOString());
      const when = range[0] === range[1] ? `at ${range[0]}` : `from ${range.join(' to ')}`;
      this.warnings.push(
        `left out: ${stray.rows} rows of the history are far from all others in time (${column} ${when})`,
      );
    }
    if (rowsWithoutTime > 0) this.warnings.push(`left out: ${rowsWithoutTime} rows of the history have no ${column}`);
  }

  check(rowsRead: number): void {
    if (this.#unfit <= rowsRead * MAX_REJECTED_SHARE) return;
    const counts = Object.entries(this.counts).map(([reason, count]) => `${count} ${reason}`);
    const found = `${this.#unfit} of ${rowsRead} rows of the history do not fit the features (${counts.join(', ')})`;
    throw new FlowlineError('FLOWLINE_HISTORY_INVALID', `${found}: ${this.#first.slice(0, 3).join(' ')}`, {
      where: 'spec.history.query',
      publicMessage: `${found}.`,
      remedy:
        'Correct the types of the features, list nullable columns under missing, or leave such rows out in the query.',
    });
  }

  #count(key: string, rows: number): void {
    if (rows > 0) this.counts[key] = (this.counts[key] ?? 0) + rows;
  }
}

function timeOf(value: unknown, unit: keyof typeof UNIT_MS): number {
  const isNumber = typeof value === 'number' || value instanceof Numeral;
  return isNumber ? Number(value) * UNIT_MS[unit] : parseTime(value);
}

function concatTimes(parts: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
