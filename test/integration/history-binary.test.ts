import { type HistoryBatch, type HistoryRead, HistorySession } from '@flowline/db';
import { Numeral } from '@flowline/events';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
import { until } from '../support/until.ts';
import { readHistory } from '../support/read-history.ts';

let postgres: TestPostgres;
let database: TestDatabase;
const never = new AbortController().signal;

/** Columns of every kind of type, each with values that are hard to read. */
const columns: Readonly<Record<string, readonly string[]>> = {
  int2: ['1', '-32768', '32767'],
  int4: ['0', '-2147483648', '2147483647'],
  int8: ['9007199254740993', '-9223372036854775808', '4294967296'],
  float4: ['0.1', "'NaN'", '1e-20'],
  float8: ['1e+20', "'-Infinity'", '-0.0', '5e-324'],
  numeric: ['1.50', '123456789012345678901234567890.5', "'NaN'"],
  text: [`'a "quoted" \\ text'`, `'é\u{1f600}\nline'`, `''`],
  'varchar(9)': [`'short'`, `'  x  '`],
  'char(5)': [`'ab'`, `'abcde'`],
  bool: ['true', 'false'],
  date: [`'2024-02-29'`, `'0150-01-01'`],
  timestamp: [`'2024-02-29 12:34:56.789012'`],
  timestamptz: [`'2024-02-29 12:34:56.789012+02'`, `'1960-01-01 00:00:00.000001Z'`],
  interval: [`'1 day 2 hours'`],
  json: [`'{"a": 1.0, "b": [1e3, null]}'`],
  jsonb: [`'{"a": {"b": "c"}}'`, `'[1, 2]'`],
  'float8[]': [`'{1,NULL,2.5}'`],
  'text[]': [`'{a,NULL,"c d"}'`],
  uuid: [`'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'`],
  bytea: [`'\\x00ff'`],
  inet: [`'10.0.0.1/8'`],
  mood: [`'glad'`],
  share: ['0.25'],
  int4range: [`'[1,5)'`],
};
const names = Object.keys(columns).map((_, i) => `c${i}`);
const ROWS = 40;

beforeAll(async () => {
  postgres = await startPostgres();
  database = await postgres.createDatabase();
  await database.query(`CREATE TYPE mood AS ENUM ('glad', 'sad')`);
  await database.query('CREATE DOMAIN share AS float8 CHECK (VALUE BETWEEN 0 AND 1)');
  const declared = Object.keys(columns).map((type, i) => `c${i} ${type}`);
  await database.query(`CREATE TABLE kinds (ts timestamptz, ${declared.join(', ')})`);
  for (let row = 0; row < ROWS; row++) {
    const values = Object.values(columns).map((choices) => choices.at(row % (choices.length + 1)) ?? 'NULL');
    await database.query(`INSERT INTO kinds VALUES (to_timestamp(${1e9 + row / 3}), ${values.join(', ')})`);
  }
});
afterAll(() => postgres.stop());

const source = { query: 'SELECT * FROM kinds', timeColumn: 'ts' };

async function read(
  request: HistoryRead,
  of = source,
): Promise<{ readonly times: number[]; readonly cells: unknown[][] }> {
  const session = await HistorySession.open(database.db, of, never);
  try {
    const times: number[] = [];
    const cells: unknown[][] = [];
    for await (const batch of session.read(request)) {
      times.push(...batch.timesMs.subarray(0, batch.size));
      for (let row = 0; row < batch.size; row++) cells.push(rowOf(batch, row));
    }
    return { times, cells };
  } finally {
    await session.close();
  }
}

const rowOf = ({ cells }: HistoryBatch, row: number): unknown[] =>
  cells.map((column) => {
    if (column.kind === 'values') return column.values[row];
    return column.isNull[row] === 1 ? null : column.values[row];
  });

/** A number as a number, however it is spelled. */
const asNumber = (value: unknown): unknown =>
  value instanceof Numeral || (typeof value === 'string' && /^(NaN|-?Infinity)$/.test(value)) ? Number(value) : value;

describe('a history read as columns', () => {
  it.each([
    ['as names', true],
    ['as numbers', false],
  ])('has the values that its rows have as JSON, of every type: %s', async (_kind, asName) => {
    const expected: unknown[][] = [];
    for await (const chunk of readHistory(database.db, source)) {
      expected.push(...chunk.map((row) => names.map((name) => row[name])));
    }
    const { cells } = await read({ columns: names.map((name) => ({ name, asName })) });
    expect(cells).toHaveLength(ROWS);
    const plain = (rows: unknown[][]): unknown[][] => (asName ? rows : rows.map((row) => row.map(asNumber)));
    expect(plain(cells)).toEqual(plain(expected));
  });

  it('has whole milliseconds of its times, rounded down', async () => {
    const { times } = await read({ columns: [] });
    expect(times).toEqual(
      Array.from({ length: ROWS }, (_, row) => Math.floor(Math.round((1e9 + row / 3) * 1e6) / 1e3)),
    );
  });

  it('reads rows without a valid time last, where no range is asked for', async () => {
    const query = `SELECT '2026-01-01' AS ts, 1 AS n UNION ALL SELECT 'soon', 2 UNION ALL SELECT NULL, 3`;
    const { times, cells } = await read({ columns: [{ name: 'n', asName: false }] }, { query, timeColumn: 'ts' });
    expect(times).toEqual([Date.UTC(2026, 0, 1), NaN, NaN]);
    expect(cells.map(([n]) => n).sort()).toEqual([1, 2, 3]);
    expect((await read({ columns: [], range: {} }, { query, timeColumn: 'ts' })).times).toHaveLength(1);
  });

  it('thins to one random row of each stretch, the same ones for the same seed', async () => {
    const query = `SELECT to_timestamp(i) AS ts, i FROM generate_series(1, 1000) AS i`;
    const range = { from: new Date(101_000) };
    const thinned = async (seed: number, maxRows = 70): Promise<number[]> => {
      const request = { columns: [{ name: 'i', asName: false }], range, maxRows, totalsFrom: range.from, seed };
      return (await read(request, { query, timeColumn: 'ts' })).cells.map(([i]) => Number(i));
    };
    const chosen = await thinned(1);
    expect(chosen).toHaveLength(70);
    // Row r of the 900 from 101 on lies in stretch floor(70·r/900).
    expect(chosen.map((i) => Math.floor((70 * (i - 101)) / 900))).toEqual(Array.from({ length: 70 }, (_, k) => k));
    expect(await thinned(1)).toEqual(chosen);
    expect(await thinned(2)).not.toEqual(chosen);
    expect(await thinned(1, 5_000)).toEqual(Array.from({ length: 900 }, (_, k) => 101 + k));
  });

  it('thins ten sensors that report in turn to rows of each of them', async () => {
    const query = `SELECT to_timestamp(i) AS ts, i % 10 AS sensor FROM generate_series(0, 19999) AS i`;
    const range = { from: new Date(0) };
    const request = { columns: [{ name: 'sensor', asName: false }], range, maxRows: 2_000, totalsFrom: range.from };
    const { cells } = await read(request, { query, timeColumn: 'ts' });
    const counts = Array.from({ length: 10 }, (_, sensor) => cells.filter(([own]) => Number(own) === sensor).length);
    // 200 of each, give or take four standard deviations.
    for (const count of counts) expect(Math.abs(count - 200)).toBeLessThan(4 * Math.sqrt(180));
  });

  it.each([
    ['a second statement', 'SELECT now() AS ts; DROP TABLE kinds'],
    [
      'an end of the parenthesis',
      `SELECT now() AS ts) AS a) TO STDOUT; DROP TABLE kinds; COPY (SELECT * FROM (SELECT 1`,
    ],
  ])('refuses %s', async (_kind, query) => {
    await expect(read({ columns: [] }, { query, timeColumn: 'ts' })).rejects.toMatchObject({
      code: 'FLOWLINE_HISTORY_INVALID',
    });
    expect(await database.query('SELECT count(*)::int AS rows FROM kinds')).toEqual([{ rows: ROWS }]);
  });

  it('reads and asks again on its connection, once all rows have been read', async () => {
    const query = `SELECT to_timestamp(i) AS ts, repeat('x', i % 500) AS text FROM generate_series(1, 5000) AS i`;
    const session = await HistorySession.open(database.db, { query, timeColumn: 'ts' }, never);
    const lengths = async (): Promise<number[]> => {
      const found: number[] = [];
      for await (const { size, cells } of session.read({ columns: [{ name: 'text', asName: false }] })) {
        for (let row = 0; row < size; row++) found.push(String(cells[0]?.values[row]).length);
      }
      return found;
    };
    try {
      const expected = Array.from({ length: 5000 }, (_, i) => (i + 1) % 500);
      expect(await lengths()).toEqual(expected);
      expect((await session.summarise()).days.reduce((sum, { rows }) => sum + rows, 0)).toBe(5000);
      expect(await lengths()).toEqual(expected);
    } finally {
      await session.close();
    }
  });

  it('reports an error of the query while its rows are read', async () => {
    const query = `SELECT to_timestamp(i) AS ts, 1 / (1000 - i) AS n FROM generate_series(1, 2000) AS i`;
    await expect(read({ columns: [{ name: 'n', asName: false }] }, { query, timeColumn: 'ts' })).rejects.toMatchObject({
      code: 'FLOWLINE_HISTORY_INVALID',
      message: expect.stringContaining('division by zero'),
    });
  });

  it('ends its query on the server when the signal aborts', async () => {
    const abort = new AbortController();
    const query = 'SELECT now() AS ts, pg_sleep(60) IS NULL AS slept';
    const session = await HistorySession.open(database.db, { query, timeColumn: 'ts' }, abort.signal);
    const reading = session.read({ columns: [{ name: 'slept', asName: false }] }).next();
    const running = `SELECT count(*)::int AS open FROM pg_stat_activity WHERE query LIKE 'COPY%pg_sleep%' AND pid <> pg_backend_pid()`;
    const open = async (): Promise<unknown> => (await database.query(running))[0]?.open;
    await until('the query runs', async () => (await open()) === 1);
    abort.abort(new Error('stop'));
    await expect(reading).rejects.toThrow('stop');
    await session.close();
    await until('the query has ended', async () => (await open()) === 0);
  });
});
