import type pg from 'pg';

import { type CheckedHistory, oneStatement, quoteIdentifier, rangeCondition, ROW } from './history-query.ts';

/** Gaps between consecutive events that begin in one hour of the week and are about as long. */
export interface GapCount {
  /** Hour of the week in which they begin, from Monday 00:00 on. */
  readonly hour: number;
  /** Further hours of the clock that they reach into. */
  readonly hours: number;
  /** Length in milliseconds, rounded up by at most 2 %. */
  readonly gapMs: number;
  readonly gaps: number;
}

/** Gaps of a history that are counted. */
export interface GapRequest {
  /** Fields that name an entity, to count the gaps of each; empty for those of the stream. */
  readonly key: readonly string[];
  /** IANA zone of the hours. */
  readonly timezone: string;
  readonly from: Date;
  /** End, exclusive. */
  readonly to: Date;
  /** Shorter gaps count as so long. */
  readonly leastMs: number;
  /** Longer gaps are holes of the history, and not counted. */
  readonly mostMs: number;
}

/** Lengths per factor e that are told apart. */
const LENGTHS = 50;

/** True if Postgres knows a time zone by its name. */
export async function knowsTimezone(client: pg.ClientBase, timezone: string): Promise<boolean> {
  const { rows } = await client.query('SELECT FROM pg_timezone_names WHERE lower(name) = lower($1) LIMIT 1', [
    timezone,
  ]);
  return rows.length > 0;
}

/** Counts the gaps between the events of a history, on a connection: one run of its query. */
export async function countGaps(
  client: pg.ClientBase,
  history: CheckedHistory,
  { key, timezone, from, to, leastMs, mostMs }: GapRequest,
): Promise<readonly GapCount[]> {
  const { text, values } = rangeCondition(history, { from, to });
  const names = key.map((field) => textOf(history, field));
  const parts = names.length === 0 ? '' : `PARTITION BY ${names.join(', ')} `;
  const named = names.map((name) => ` AND ${name} IS NOT NULL`).join('');
  const [zone, least, most] = ['text', 'float8', 'float8'].map(
    (type, i) => `$${String(values.length + 1 + i)}::${type}`,
  );
  const statement = oneStatement(
    `SELECT ((extract(isodow FROM since) - 1) * 24 + extract(hour FROM since))::integer AS hour,
       greatest(0, extract(epoch FROM date_trunc('hour', before) - date_trunc('hour', since)) / 3600)::integer AS hours,
       ceil(${String(LENGTHS)} * ln(greatest(seconds, ${String(least)})))::integer AS length, count(*)::float8 AS gaps
     FROM (
       SELECT since AT TIME ZONE ${String(zone)} AS since, before AT TIME ZONE ${String(zone)} AS before,
         extract(epoch FROM before - since)::float8 AS seconds
       FROM (
         SELECT ${history.time} AS before, lag(${history.time}) OVER (${parts}ORDER BY ${history.time}) AS since
         FROM ${history.table} WHERE ${text}${named}
       ) AS times
     ) AS gaps
     WHERE seconds <= ${String(most)} GROUP BY 1, 2, 3`,
    [...values, timezone, leastMs / 1_000, mostMs / 1_000],
  );
  const { rows } = await client.query<{ hour: number; hours: number; length: number; gaps: number }>(statement);
  return rows.map(({ hour, hours, length, gaps }) => ({
    ...{ hour, hours, gaps },
    gapMs: Math.min(mostMs, Math.max(leastMs, 1_000 * Math.exp(length / LENGTHS))),
  }));
}

/** Text of a (dotted) field: a column of that name, or a part of one that holds it. */
function textOf({ types }: CheckedHistory, field: string): string {
  const steps = field.split('.');
  const own = steps.findLastIndex((_, i) => types.has(steps.slice(0, i + 1).join('.')));
  const column = `${ROW}.${quoteIdentifier(steps.slice(0, own + 1).join('.'))}`;
  const rest = steps.slice(own + 1).map((step) => `'${step.replaceAll("'", "''")}'`);
  return rest.length === 0 ? `${column}::text` : `(to_jsonb(${column}) #>> ARRAY[${rest.join(', ')}])`;
}
