import { type DetectorDefinition } from '@flowline/config';
import { type Database, eventHistory, type HistoryBatch, type HistoryDay, HistorySession } from '@flowline/db';
import { DAY_MS, inTurns, type LookupTable, turn } from '@flowline/events';
import { type ColumnTable } from '@flowline/features';
import { checkColumns } from '@flowline/operations/history';

import { eventsPerDay } from './events-per-day.ts';
import { excludedOf, exclusionWarnings } from './excluded-rows.ts';
import { timedRows, timesOf } from './history-cells.ts';
import { HistoryCollector } from './history-collector.ts';
import { hasWindows, longestWindowMs } from './history-reader.ts';
import { type Reading, readerOf, type ReportRows } from './history-reading.ts';
import { Rejections } from './history-rejections.ts';
import { checkFilled, daysFrom, rangeOf } from './history-range.ts';
import { rowsOfDays } from './history-stretches.ts';
import { readLookups } from './read-lookups.ts';
import { countTimeless, type TimelessRows } from './timeless-rows.ts';
import { readUntrainedTimes } from './untrained-times.ts';
import { usualTimes } from './usual-times.ts';

/** History of a detector as features, in time order. */
export interface TrainingHistory {
  readonly table: ColumnTable;
  /** Time of each row of the table, ascending. */
  readonly timesMs: Float64Array;
  /** Lookup tables as of the reading of the history; they become part of the model. */
  readonly lookups: Readonly<Record<string, LookupTable>>;
  /** Rows read, including those that did not fit and are not in the table. */
  readonly rowsRead: number;
  /** Rows left out, by reason. */
  readonly rejected: Readonly<Record<string, number>>;
  /** Rows left out because people confirmed their event, or a rule or calendar excludes it. */
  readonly excluded: number;
  /** Rows of the lookback per day that has data (see {@link eventsPerDay}). */
  readonly eventsPerDay: number;
  /** Warnings about the history for a person, one sentence each. */
  readonly warnings: readonly string[];
}

/** Maximum estimate of the planner, in times of `maxRows`, for which a single reading is tried. */
const WORTH_TRYING = 1.5;

/**
 * Reads a detector's history: its newest `lookback`, at most `maxRows`, one at random
 * in each of as many equal stretches. The query
 * runs once; twice with a lookback, with more rows than `maxRows`, or if windows must not see stray
 * rows. Rows that do not fit the features, and rows whose time is invalid or far from all others,
 * are left out and counted by reason. So are rows whose windows have not seen their whole duration,
 * and those whose event is excluded from training, by itself or by a calendar.
 * @throws FlowlineError FLOWLINE_HISTORY_INVALID (also for a missing column, and if more than 5 %
 * of the rows do not fit), FLOWLINE_HISTORY_TOO_SMALL if no window has seen its whole duration;
 * the signal's reason.
 */
export async function readTrainingHistory(
  db: Database,
  definition: DetectorDefinition,
  signal: AbortSignal,
  onRows: ReportRows = () => undefined,
): Promise<TrainingHistory> {
  const { history, source: events } = definition;
  const source =
    history.query === null
      ? await eventHistory(db, definition.name)
      : { query: history.query, timeColumn: history.timeColumn, timeUnit: events.time.unit };
  const lookups = await readLookups(db, definition, signal);
  const excluded = await excludedOf(db, definition);
  const untrained = await readUntrainedTimes(db, definition);
  const reading = { definition, lookups, source, signal, onRows, excluded, untrained: untrained.has };
  let warnings: readonly string[] = [];
  const inSession = async <T>(read: (session: HistorySession) => Promise<T>): Promise<T> => {
    const session = await HistorySession.open(db, source, signal);
    try {
      if (history.query !== null) checkColumns(definition, session);
      warnings = exclusionWarnings(definition, session.columns, excluded);
      return await read(session);
    } finally {
      await session.close();
    }
  };
  const atOnce = history.lookbackMs === null ? await inSession((session) => readAtOnce(session, reading)) : null;
  const found = atOnce ?? (await inSession((session) => readInRange(session, reading)));
  return { ...found, warnings: [...found.warnings, ...warnings, ...untrained.warnings] };
}

/**
 * Reads a whole history in one run of its query. Null if it has more rows than are wanted, or stray
 * rows that windows must not see: then its times have to be known first.
 */
async function readAtOnce(session: HistorySession, reading: Reading): Promise<TrainingHistory | null> {
  const { definition, source, signal, onRows } = reading;
  const { maxRows } = definition.history;
  const expected = await session.estimatedRows();
  if (expected > WORTH_TRYING * maxRows) return null;
  const reader = readerOf(reading, session, null);
  const collector = new HistoryCollector(reader, { fillMs: longestWindowMs(definition) });
  let timeless: TimelessRows = { rowsWithoutTime: 0, badTimes: { rows: 0, example: null } };
  for await (const batch of session.read({ columns: reader.columns, inAnyOrder: !hasWindows(definition) })) {
    const timed = timedRows(batch);
    if (timed.size < batch.size) timeless = countTimeless(timeless, batch);
    if (collector.rowsRead + timed.size > maxRows) return null;
    collector.add(timed, timesOf(timed, source.timeUnit ?? 'ms'));
    onRows(collector.rowsRead, expected);
    await turn(signal);
  }
  const days = collector.days();
  const times = usualTimes(days, null);
  if (times?.stray != null && hasWindows(definition)) return null;
  const rejected = new Rejections();
  rejected.addTimes(source.timeColumn, days, timeless, times);
  const [fromMs, toMs] = [times?.fromMs ?? -Infinity, times?.toMs ?? Infinity];
  const kept = days.filter(({ startMs }) => startMs + DAY_MS > fromMs && startMs <= toMs);
  return historyOf(reading, collector, { days: kept, rejected, fromMs, toMs });
}

/**
 * Reads the newest lookback of a history, or a thinned one: one run of its query for its times, and
 * one for its rows.
 */
async function readInRange(session: HistorySession, reading: Reading): Promise<TrainingHistory> {
  const { definition, source, signal, onRows } = reading;
  const { lookbackMs, maxRows } = definition.history;
  const { seed } = definition.model;
  const whole = await session.summarise();
  const times = usualTimes(whole.days, lookbackMs);
  const rejected = new Rejections();
  rejected.addTimes(source.timeColumn, whole.days, whole, times);
  const range = rangeOf(times, lookbackMs, longestWindowMs(definition));
  const reader = readerOf(reading, session, range.seenFromMs);
  const within = whole.days.filter(({ startMs }) => startMs + DAY_MS > range.fromMs && startMs < range.toMs);
  const mayBeThinned = rowsOfDays(within) > maxRows;
  const collector = new HistoryCollector(reader, {
    ...{ fromMs: range.fromMs, wantedFromMs: range.wantedFromMs },
    ...(mayBeThinned && hasWindows(definition) ? { maxRows, seed } : {}),
  });
  const batches = session.read({
    columns: reader.columns,
    inAnyOrder: !hasWindows(definition),
    range: { from: new Date(range.readFromMs), to: new Date(range.toMs) },
    ...(mayBeThinned ? { totalsFrom: new Date(range.wantedFromMs) } : {}),
    ...(mayBeThinned && !hasWindows(definition) ? { maxRows, seed } : {}),
  });
  let totals: HistoryBatch['totals'] = null;
  for await (const batch of batches) {
    totals ??= batch.totals;
    if (totals !== null) collector.totalRows = totals.rows;
    collector.add(batch, timesOf(batch, source.timeUnit ?? 'ms'));
    onRows(collector.rowsRead, Math.min(rowsOfDays(within), maxRows));
    await turn(signal);
  }
  const days = totals !== null && !hasWindows(definition) ? daysFrom(within, totals) : collector.days();
  return historyOf(reading, collector, { days, rejected, fromMs: range.fromMs, toMs: range.toMs });
}

interface Found {
  /** Days of the range, with all of their rows. */
  readonly days: readonly HistoryDay[];
  readonly rejected: Rejections;
  readonly fromMs: number;
  readonly toMs: number;
}

async function historyOf(
  { definition, lookups, signal }: Reading,
  collector: HistoryCollector,
  { days, rejected, fromMs, toMs }: Found,
): Promise<TrainingHistory> {
  const { table, timesMs, rowsRead } = await inTurns(collector.rowsWithin(fromMs, toMs), signal);
  collector.rejections.addTo(rejected, fromMs, toMs);
  rejected.check(rowsRead);
  if (table.size === 0 && rowsRead > 0) checkFilled(definition, days);
  // Only a sample of the stored events may have been kept.
  const share = definition.history.query === null ? definition.retention.sample : 1;
  return {
    ...{ table, timesMs, lookups, rowsRead },
    rejected: rejected.counts,
    excluded: collector.excluded,
    eventsPerDay: eventsPerDay(days) / share,
    warnings: rejected.warnings,
  };
}
