import { at, DAY_MS, type EventTimeSpec, type FeatureSpec, FlowlineError } from '@flowline/events';

import { isUnnamed, listed } from '../column-names.ts';
import type { DataTable } from '../data-table.ts';
import { chooseUse, feature, isId, percent } from './choose-use.ts';
import { type ColumnFigures, columnFigures } from './column-figures.ts';
import { eventTimeAmong, msPerUnit, type TimeColumn, timeColumns } from './event-time.ts';

/** Feature that a column suggests, and the reason for its type. */
export interface ProfiledFeature {
  readonly spec: FeatureSpec;
  readonly note: string;
}

/** Column that is no feature, and the reason. */
export interface LeftOutColumn {
  readonly name: string;
  readonly reason: string;
}

/** Event time of a table. */
export interface ProfiledTime {
  readonly spec: EventTimeSpec;
  readonly fromMs: number;
  readonly toMs: number;
}

/** Uses of the columns of a table in a detector. */
export interface TableProfile {
  readonly where: string;
  readonly rows: number;
  /** Rows of the source; more than `rows` if it was thinned. */
  readonly rowsRead: number;
  readonly time: ProfiledTime | null;
  readonly eventId: string | null;
  readonly features: readonly ProfiledFeature[];
  readonly leftOut: readonly LeftOutColumn[];
}

/** Most features of a detector. */
const MOST_FEATURES = 256;
/** Columns without a name, in messages. */
const UNNAMED = '(without a name)';
/** Period of a column of hours. */
const HOURS = 24;
/** Days of history from which the time of day, and of the week, can be learned. */
const [DAYS_FOR_DAY, DAYS_FOR_WEEK] = [2, 21];

/**
 * Profiles a table: for each column the feature that suits it, or the reason why it is none.
 * Whole numbers are integers, few texts are levels, ids and times are left out; of the event time,
 * the time of day and of the week are features.
 * @param ignore columns to leave out, such as a label.
 * @throws FlowlineError FLOWLINE_FEATURES_INVALID if no column is a number to score, more than 256
 *   are features, or `ignore` names a column that is not there.
 */
export function profileTable(
  table: DataTable,
  { ignore = [] }: { readonly ignore?: readonly string[] } = {},
): TableProfile {
  const unknown = ignore.find((name) => !table.columns.some((column) => column.name === name));
  if (unknown !== undefined) throw noColumn(table, unknown);
  const figures = table.columns.filter(({ name }) => !ignore.includes(name)).map(columnFigures);
  const times = timeColumns(figures);
  const time = eventTimeAmong(times);
  const features: ProfiledFeature[] = [];
  const leftOut: LeftOutColumn[] = ignore.map((name) => ({ name, reason: 'as asked' }));
  for (const column of figures) {
    const use = times.some((each) => each.figures === column) ? timeUse(column, time) : chooseUse(column);
    if ('leftOut' in use) leftOut.push({ name: isUnnamed(column.name) ? UNNAMED : column.name, reason: use.leftOut });
    else features.push({ spec: use.feature, note: noteOf(use.note, column) });
  }
  if (time !== null) {
    const hasHour = features.some(({ spec }) => spec.period === HOURS);
    const cycles = cyclesOf(time, new Set(figures.map(({ name }) => name)));
    features.push(...cycles.filter(({ spec }) => !hasHour || spec.period !== DAY_MS / msPerUnit(time.spec.unit)));
  }
  if (!features.some(({ spec }) => isScoredNumber(spec))) throw noNumber(table, leftOut);
  if (features.length > MOST_FEATURES) throw tooMany(table, features.length);
  const eventId = figures.find((column) => column.missing === 0 && isId(column))?.name ?? null;
  const { where, size: rows, rowsRead } = table;
  return { where, rows, rowsRead, time: time === null ? null : spanOf(time), eventId, features, leftOut };
}

const timeUse = (column: ColumnFigures, time: TimeColumn | null) => ({
  leftOut: time?.figures === column ? 'the time of the event' : 'another time: write a difference of times instead',
});

const noteOf = (note: string, { missing, rows }: ColumnFigures): string =>
  missing === 0 ? note : `${note}; missing in ${percent(missing / rows)} of the rows`;

const isScoredNumber = ({ type, role }: FeatureSpec): boolean =>
  role === 'score' && type !== 'categorical' && type !== 'boolean';

function spanOf({ figures, spec }: TimeColumn): ProfiledTime {
  const ms = msPerUnit(spec.unit);
  const { least = NaN, greatest = NaN } = figures.numbers ?? {};
  return { spec, fromMs: least * ms, toMs: greatest * ms };
}

/** The time of day and of the week, if the table spans several of them. */
function cyclesOf(time: TimeColumn, taken: ReadonlySet<string>): ProfiledFeature[] {
  const { fromMs, toMs, spec } = spanOf(time);
  const days = (toMs - fromMs) / DAY_MS;
  const cyclic = (name: string, periodMs: number, of: string): ProfiledFeature => ({
    spec: {
      ...feature(freeName(name, taken), 'cyclic', time.figures.missing > 0),
      ...{ from: spec.field, role: 'context', period: periodMs / msPerUnit(spec.unit) },
    },
    note: `${of}, as context: ${Math.round(days)} days of history`,
  });
  return [
    ...(days >= DAYS_FOR_DAY ? [cyclic('time_of_day', DAY_MS, 'the time of day')] : []),
    ...(days >= DAYS_FOR_WEEK ? [cyclic('time_of_week', 7 * DAY_MS, 'the time of the week')] : []),
  ];
}

const freeName = (name: string, taken: ReadonlySet<string>): string =>
  taken.has(name) ? freeName(`${name}_`, taken) : name;

const noColumn = ({ where, columns }: DataTable, name: string): FlowlineError =>
  new FlowlineError('FLOWLINE_FEATURES_INVALID', `${where} has no column "${name}".`, {
    where,
    remedy: `It has ${listed(columns.map((column) => column.name))}.`,
  });

const tooMany = ({ where }: DataTable, count: number): FlowlineError =>
  new FlowlineError('FLOWLINE_FEATURES_INVALID', `${where} has ${count} features; a detector takes ${MOST_FEATURES}.`, {
    where,
    remedy: 'Leave out the columns that matter least (--ignore a,b,c), or write fewer.',
  });

function noNumber({ where }: DataTable, leftOut: readonly LeftOutColumn[]): FlowlineError {
  const reasons = leftOut.slice(0, 5).map(({ name, reason }) => `${name}: ${reason}`);
  return new FlowlineError('FLOWLINE_FEATURES_INVALID', `${where} has no column of numbers that a model could score.`, {
    where,
    remedy:
      reasons.length === 0 ? 'Add a column of numbers.' : `Add a column of numbers. Left out: ${reasons.join('; ')}.`,
  });
}

/** Feature specifications of a profile. */
export const featuresOf = ({ features }: TableProfile): readonly FeatureSpec[] => features.map(({ spec }) => spec);

/** Name of a detector for a file, table or query: its last word, in the letters that names have. */
export function detectorName(where: string): string {
  const last = at(where.split(/[/\\]/).slice(-1), 0).replace(/(\.(csv|tsv|ndjson|jsonl|parquet|pq))?(\.gz)?$/i, '');
  const name = last
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+/, '')
    .slice(0, 63)
    .replace(/-+$/, '');
  return name === '' ? 'detector' : name;
}
