import type { EventTimeSpec } from '@flowline/events';

import type { ColumnFigures } from './column-figures.ts';

/** Name of a column that holds a time. */
const TIME_NAME = /(^|[_.\s])(ts|time|timestamp|datetime|date|epoch|when|at)($|[_.\s](ms|s|us|utc)$)|(At|Time|Date)$/i;

/** Milliseconds per unit of a number that may be a time. */
const UNITS = [
  ['s', 1_000],
  ['ms', 1],
  ['us', 1e-3],
] as const;
const [EARLIEST_MS, LATEST_MS] = [Date.UTC(1990, 0), Date.UTC(2100, 0)];

/** Share of rows that may lack their time. */
const MOST_MISSING = 0.05;

/** Column of times, and the format of its values. */
export interface TimeColumn {
  readonly figures: ColumnFigures;
  readonly spec: EventTimeSpec;
}

/**
 * Columns that hold times: ISO 8601 text, and numbers since the epoch that are named like a time.
 */
export function timeColumns(columns: readonly ColumnFigures[]): readonly TimeColumn[] {
  return columns.flatMap((figures) => {
    const unit = unitOf(figures);
    return unit === null ? [] : [{ figures, spec: { field: figures.name, unit } }];
  });
}

/** The time of the event among columns of times: the first with a value in nearly every row. */
export function eventTimeAmong(times: readonly TimeColumn[]): TimeColumn | null {
  const usable = times.filter(({ figures }) => figures.missing <= MOST_MISSING * figures.rows && figures.distinct > 1);
  return usable.find(({ figures }) => TIME_NAME.test(figures.name)) ?? usable.at(0) ?? null;
}

function unitOf({ name, kind, numbers }: ColumnFigures): EventTimeSpec['unit'] | null {
  if (kind === 'time') return 'iso';
  if (kind !== 'number' || numbers === null || !TIME_NAME.test(name)) return null;
  const { least, greatest } = numbers;
  const found = UNITS.find(([, ms]) => least * ms >= EARLIEST_MS && greatest * ms <= LATEST_MS);
  return found?.[0] ?? null;
}

/** Milliseconds per unit of a time; 1 for ISO 8601 text, which is read as milliseconds. */
export const msPerUnit = (unit: EventTimeSpec['unit']): number => UNITS.find(([each]) => each === unit)?.[1] ?? 1;
