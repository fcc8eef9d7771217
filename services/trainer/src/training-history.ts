import type { DetectorDefinition } from '@flowline/config';
import { type Database, eventHistory, readHistory, readLookup, summariseHistory } from '@flowline/db';
import { FlowlineError, type LookupTable } from '@flowline/events';
import { concatTables, emptyTable, type FeatureTable, parseTime } from '@flowline/features';

import { historyReading } from './history-chunks.ts';
import { storedReading } from './stored-events.ts';

/** The history of a detector, read: its rows as features, in order of time. */
export interface TrainingHistory {
  readonly table: FeatureTable;
  /** The time of each row of the table, ascending. */
  readonly timesMs: Float64Array;
  /** Lookup tables as they were when the history was read; they become part of the model. */
  readonly lookups: Readonly<Record<string, LookupTable>>;
  /** Rows read; those that did not fit are not in the table. */
  readonly rowsRead: number;
  readonly rejected: Readonly<Record<string, number>>;
  /** All rows of the lookback, over its days. */
  readonly eventsPerDay: number;
}

/** More rows than this that do not fit say that the detector does not describe its history. */
const MAX_REJECTED_SHARE = 0.05;
const DAY_MS = 86_400_000;
/** A history of a moment is taken for one of an hour: no rate a day follows from it. */
const LEAST_SPAN_DAYS = 1 / 24;
const UNIT_MS = { ms: 1, s: 1000, us: 0.001, iso: 1 } as const;

/**
 * Reads a detector's history by a cursor: the newest `lookback` of it, at most `maxRows`, evenly spread. Rows that do not fit the
 * features are left out and counted by reason.
 * @throws FlowlineError FLOWLINE_HISTORY_INVALID (also where more than 5 % of the rows do not fit), FLOWLINE_HISTORY_TOO_SMALL
 *   for no rows, FLOWLINE_ABORTED.
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
  const { to } = await summariseHistory(db, request);
  const from = to === null || history.lookbackMs === null ? null : new Date(to.getTime() - history.lookbackMs);
  const range = from === null ? {} : { from };
  const summary = await summariseHistory(db, { ...request, ...range });

  const lookups = await readLookups(db, definition);
  const rangeWanted = { from, rows: summary.rows };
  const reading =
    history.query === null ? storedReading(definition, rangeWanted) : historyReading(definition, lookups, rangeWanted);
  const tables: FeatureTable[] = [];
  const times: Float64Array[] = [];
  const rejected = new Rejections();
  let rowsRead = 0;
  for await (const rows of readHistory(db, { ...request, ...reading.range })) {
    signal.throwIfAborted();
    const rowTimesMs = Float64Array.from(rows, (row) => timeOf(row[request.timeColumn], source.time.unit));
    const { table, timesMs, faults } = reading.read(rows, rowTimesMs);
    tables.push(table);
    times.push(timesMs);
    rejected.add(faults);
    rowsRead += rows.length;
  }
  rejected.check(rowsRead);
  // Of stored events only a sample may have been kept.
  const share = history.query === null ? definition.retention.sample : 1;

  return {
    table: tables.length === 0 ? emptyTable(features) : concatTables(tables),
    timesMs: concatTimes(times),
    lookups,
    rowsRead,
    rejected: rejected.counts,
    eventsPerDay: summary.rows / share / daysBetween(summary.from, summary.to),
  };
}

async function readLookups(db: Database, definition: DetectorDefinition): Promise<Record<string, LookupTable>> {
  const lookups: Record<string, LookupTable> = {};
  for (const [name, source] of Object.entries(definition.lookups)) {
    lookups[name] = 'table' in source ? source.table : await readLookup(db, name, source.query, source.key);
  }
  return lookups;
}

/** Rows that did not fit: how many by reason, and the first of each for a person to look at. */
class Rejections {
  readonly counts: Record<string, number> = {};
  readonly #first: string[] = [];
  #total = 0;

  add(faults: readonly { readonly reason: string; readonly field: string | null; readonly message: string }[]): void {
    for (const { reason, field, message } of faults) {
      const key = field === null ? reason : `${reason} ${field}`;
      this.counts[key] = (this.counts[key] ?? 0) + 1;
      if (this.counts[key] === 1) this.#first.push(message);
    }
    this.#total += faults.length;
  }

  check(rowsRead: number): void {
    if (this.#total <= rowsRead * MAX_REJECTED_SHARE) return;
    const counts = Object.entries(this.counts).map(([reason, count]) => `${count} ${reason}`);
    const found = `${this.#total} of ${rowsRead} rows of the history do not fit the features (${counts.join(', ')})`;
    throw new FlowlineError('FLOWLINE_HISTORY_INVALID', `${found}: ${this.#first.slice(0, 3).join(' ')}`, {
      where: 'spec.history.query',
      publicMessage: `${found}.`,
      remedy:
        'Correct the types of the features, list nullable columns under missing, or leave such rows out in the query.',
    });
  }
}

function timeOf(value: unknown, unit: keyof typeof UNIT_MS): number {
  return typeof value === 'number' ? value * UNIT_MS[unit] : parseTime(value);
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

function daysBetween(from: Date | null, to: Date | null): number {
  const span = from === null || to === null ? 0 : (to.getTime() - from.getTime()) / DAY_MS;
  return Math.max(span, LEAST_SPAN_DAYS);
}
