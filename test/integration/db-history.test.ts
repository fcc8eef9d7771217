import v8 from 'node:v8';
import vm from 'node:vm';

import {
  applyDetector,
  connect,
  failRun,
  listTrainingRuns,
  readLookup,
  startTrainingRun,
  summariseHistory,
} from '@flowline/db';
import { Numeral } from '@flowline/events';
import { parseTime } from '@flowline/features';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
import { type HistoryRequest, type HistoryRow, readHistory } from '../support/read-history.ts';

const ROWS = 60_000;

let postgres: TestPostgres;
let database: TestDatabase;

beforeAll(async () => {
  postgres = await startPostgres();
  database = await postgres.createDatabase();
  // Stored in an order other than by time; three rows share each minute.
  await database.query(`
    CREATE TABLE public.orders AS
    SELECT i AS id, timestamptz '2026-01-01T00:00:00Z' + (i / 3) * interval '1 minute' AS ts,
           timestamp '2026-01-01 00:00:00' + (i / 3) * interval '1 minute' AS plain,
           1767225600000 + (i / 3)::bigint * 60000 AS ms, (i::numeric / 8) AS amount, 'level ' || i % 5 AS method,
           NULL::float8 AS gap, i % 2 = 0 AS flag
    FROM generate_series(0, ${ROWS - 1}) AS i ORDER BY (i::bigint * 7919) % ${ROWS}`);
});
afterAll(() => postgres.stop());

const base = { query: 'SELECT * FROM orders;  ', timeColumn: 'ts' };
const collect = async (request: HistoryRequest): Promise<HistoryRow[]> => {
  const rows: HistoryRow[] = [];
  for await (const chunk of readHistory(database.db, request)) rows.push(...chunk);
  return rows;
};
const failure = async (request: HistoryRequest): Promise<unknown> =>
  collect(request).then(
    () => null,
    (error: unknown) => error,
  );

describe('readHistory', () => {
  it('gives every row once, in order of time, in chunks, as JSON has it', async () => {
    let previous = -Infinity;
    const seen = new Set<unknown>();
    let largest = 0;
    let backwards = 0;
    for await (const chunk of readHistory(database.db, { ...base, chunkRows: 3_000 })) {
      largest = Math.max(largest, chunk.length);
      for (const row of chunk) {
        const time = Date.parse(String(row.ts));
        if (!(time >= previous)) backwards += 1;
        previous = time;
        seen.add(row.id);
      }
    }
    expect(backwards).toBe(0);
    expect(largest).toBe(3_000);
    expect(seen.size).toBe(ROWS);
    const [first] = await collect({ ...base, query: 'SELECT * FROM orders WHERE id = 4 -- one' });
    expect(first).toEqual({
      id: 4,
      ts: '2026-01-01T00:01:00+00:00',
      plain: '2026-01-01T00:01:00',
      ms: 1767225660000,
      amount: new Numeral('0.50000000000000000000'),
      method: 'level 4',
      gap: null,
      flag: true,
    });
  });

  it('holds a chunk in memory at a time', async () => {
    // 400 MB of rows in total, 10 MB per chunk.
    const query = `SELECT timestamptz '2026-01-01' + i * interval '1 second' AS ts, repeat('x', 20000) AS text
                   FROM generate_series(1, 20000) AS i`;
    v8.setFlagsFromString('--expose-gc');
    const collectGarbage = vm.runInNewContext('gc') as () => void;
    const used = () => {
      collectGarbage();
      return process.memoryUsage().heapUsed + process.memoryUsage().external;
    };
    const before = used();
    let most = 0;
    let rows = 0;
    for await (const chunk of readHistory(database.db, { query, timeColumn: 'ts', chunkRows: 500 })) {
      rows += chunk.length;
      most = Math.max(most, used());
    }
    expect(rows).toBe(20_000);
    expect(most - before).toBeLessThan(60 * 2 ** 20);
  });

  it('gives the same order again', async () => {
    const ids = async () => (await collect({ ...base, from: new Date('2026-01-10T00:00:00Z') })).map((row) => row.id);
    expect(await ids()).toEqual(await ids());
  });

  it.each([
    ['timestamptz', 'ts', undefined],
    ['timestamp', 'plain', undefined],
    ['milliseconds', 'ms', 'ms' as const],
  ])('keeps to a range of %s: from inclusive, to exclusive', async (_kind, timeColumn, timeUnit) => {
    const range = { from: new Date('2026-01-01T00:10:00Z'), to: new Date('2026-01-01T00:12:00Z') };
    const rows = await collect({ ...base, timeColumn, ...(timeUnit && { timeUnit }), ...range });
    expect(rows.map((row) => row.id).sort()).toEqual([30, 31, 32, 33, 34, 35]);
  });

  it('closes its connection when the reader stops early', async () => {
    for await (const chunk of readHistory(database.db, { ...base, chunkRows: 10 })) {
      expect(chunk).toHaveLength(10);
      break;
    }
    const open = `SELECT count(*)::int AS open FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '%history%'
                  AND pid <> pg_backend_pid()`;
    expect(await database.query(open)).toEqual([{ open: 0 }]);
  });

  it('cannot write', async () => {
    const query = `WITH gone AS (DELETE FROM orders RETURNING *) SELECT * FROM gone`;
    expect(await failure({ query, timeColumn: 'ts' })).toMatchObject({ code: 'FLOWLINE_HISTORY_INVALID' });
    const nextval = { query: `SELECT now() AS ts, nextval('flowline.training_runs_run_id_seq')`, timeColumn: 'ts' };
    expect(await failure(nextval)).toMatchObject({ code: 'FLOWLINE_HISTORY_INVALID' });
  });

  it.each([
    ['SELECT * FROM ordres', 'ts', /relation "ordres" does not exist/],
    ['SELECT amuont, ts FROM orders', 'ts', /column "amuont" does not exist/],
    ['SELECT * FROM orders', 'time', /no column "time"/],
    ['SELECT * FROM orders', 'flag', /"flag" of the history is not a time/],
    ['SELECT *, id, 1 AS ts FROM orders', 'ts', /more than one column with the name "id", "ts"/],
    ['SELEC * FROM orders', 'ts', /syntax error/],
    ['SELECT * FROM orders WHERE id > $1', 'ts', /it has parameters/],
    ['SELECT 1 / 0 AS x, now() AS ts', 'ts', /division by zero/],
    ['SELECT 1 AS x) AS a; DROP TABLE orders; SELECT (SELECT 1', 'ts', /multiple commands/],
  ])('names what is wrong with %s (%s)', async (query, timeColumn, message) => {
    const error = await failure({ query, timeColumn });
    expect(error).toMatchObject({ code: 'FLOWLINE_HISTORY_INVALID', message: expect.stringMatching(message) });
    expect(error).toMatchObject({ remedy: expect.stringMatching(/./), retryable: false });
  });

  it.each([
    [`SELECT (secret || 'x')::int AS x, now() AS ts FROM secrets`, '22P02'],
    ['SELECT secret::regclass AS x, now() AS ts FROM secrets', '42P01'],
    [`SELECT (secret || '(int,int)')::regoperator AS x, now() AS ts FROM secrets`, '42883'],
    [`SELECT set_config(secret, '', false) AS x, now() AS ts FROM secrets`, '42704'],
    [`SELECT query_to_xml(secret, true, false, '') AS x, now() AS ts FROM secrets`, '42601'],
    ['SELECT complain(secret) AS x, now() AS ts FROM secrets', 'P0001'],
    [`SELECT (9999999999 + length(secret))::int AS x, now() AS ts FROM secrets`, '22003'],
  ])('quotes no value of a table where others read of it: %s', async (query, code) => {
    await database.query('DROP TABLE IF EXISTS secrets; CREATE TABLE secrets AS SELECT $$hunter2$$::text AS secret');
    await database.query(`CREATE OR REPLACE FUNCTION complain(what text) RETURNS int LANGUAGE plpgsql AS
      $$ BEGIN RAISE EXCEPTION 'this is wrong: %', what USING HINT = what; END $$`);
    const error = (await failure({ query, timeColumn: 'ts' })) as { publicMessage: string; remedy: string };
    expect(error).toMatchObject({ code: 'FLOWLINE_HISTORY_INVALID' });
    expect(error.publicMessage).toMatch(new RegExp(`SQLSTATE ${code}|out of range`));
    // The text of the query is not secret: its author wrote it.
    expect(error.publicMessage.replace(/The query ".*" failed/, '') + error.remedy).not.toMatch(/hunter2|9999/);
    const { version } = await applyDetector(database.db, { name: 'curious' });
    await failRun(database.db, await startTrainingRun(database.db, 'curious', version), error);
    const [run] = await listTrainingRuns(database.db, 'curious', 1);
    expect(JSON.stringify(run?.error)).not.toContain('hunter2');
    expect(run?.error).toMatchObject({ code: 'FLOWLINE_HISTORY_INVALID', message: error.publicMessage });
  });

  it('tells others what is wrong with the text of a query', async () => {
    const error = (await failure({ query: 'SELECT amuont, ts FROM orders', timeColumn: 'ts' })) as {
      publicMessage: string;
    };
    expect(error.publicMessage).toMatch(/column "amuont" does not exist/);
  });

  it('lists the columns there are when the time column is not one', async () => {
    expect(await failure({ query: 'SELECT id, ts FROM orders', timeColumn: 'time' })).toMatchObject({
      remedy: 'Name one of its columns: id, ts.',
    });
  });
});

describe('summariseHistory', () => {
  it('counts rows and finds the ends, within a range', async () => {
    expect(await summariseHistory(database.db, base)).toMatchObject({
      rows: ROWS,
      from: new Date('2026-01-01T00:00:00Z'),
      to: new Date('2026-01-14T21:19:00Z'),
      rowsWithoutTime: 0,
      badTimes: { rows: 0, example: null },
      columns: [
        { name: 'id', type: 'other' },
        { name: 'ts', type: 'timestamp' },
        { name: 'plain', type: 'timestamp' },
        ...['ms', 'amount', 'method', 'gap', 'flag'].map((name) => ({ name, type: 'other' })),
      ],
    });
    const { days } = await summariseHistory(database.db, base);
    expect(days).toHaveLength(14);
    expect(days[0]).toEqual({
      startMs: Date.UTC(2026, 0, 1),
      rows: 4320,
      firstMs: Date.UTC(2026, 0, 1),
      lastMs: Date.UTC(2026, 0, 1, 23, 59),
    });
    const query = 'SELECT NULL::timestamptz AS ts UNION ALL SELECT ts FROM orders WHERE id < 6';
    const summary = await summariseHistory(database.db, {
      query,
      timeColumn: 'ts',
      from: new Date('2026-01-01T00:01:00Z'),
    });
    expect(summary).toMatchObject({ rows: 3, rowsWithoutTime: 1, from: new Date('2026-01-01T00:01:00Z') });
    const empty = await summariseHistory(database.db, { query: 'SELECT now() AS ts WHERE false', timeColumn: 'ts' });
    expect(empty).toMatchObject({ rows: 0, from: null, to: null });
  });
});

describe('times that are none', () => {
  const good = '2026-01-01 00:00:00+00';
  it.each([
    ['timestamptz', [good, 'infinity', '-infinity', '20000-01-01', '0044-03-15 BC'], 4],
    ['timestamp', ['2026-01-01', 'infinity', '20000-01-01'], 2],
    ['date', ['2026-01-01', 'infinity', '-infinity', '5874897-12-31'], 3],
    ['int8', ['1767225600000', '9223372036854775807', '-9223372036854775808'], 2],
    ['float8', ['1767225600000', 'NaN', 'Infinity', '1e300', '-1e300'], 4],
    ['numeric', ['1767225600000.25', 'NaN', `1${'0'.repeat(400)}`], 2],
    [
      'text',
      [
        ...[
          '2026-01-01T00:00:00Z',
          '2026-01-01',
          '2026-01-01 00:00:00,5+05:30',
          '2024-02-29T24:00',
          '2016-12-31T23:59:60Z',
        ],
        ...[
          '',
          'soon',
          '2026-02-30',
          '2026-13-01',
          '2025-02-29T00:00:00Z',
          'infinity',
          'now',
          '2026-01-01T25:00',
          '10:00',
        ],
        ...['2026-01-01T24:00:01', '2026-01-01T00:00:00+99:00', 'May 1, 2026', '1767225600000'],
      ],
      13,
    ],
    ['char(12)', ['2026-01-01', '2026-02-30', ''], 2],
  ])('of %s are left out and counted', async (type, values, bad) => {
    const list = [...values, null].map((value) => `(${value === null ? 'NULL' : `'${value}'`}::${type})`).join(', ');
    const source = { query: `SELECT * FROM (VALUES ${list}) AS t (ts)`, timeColumn: 'ts' };
    const summary = await summariseHistory(database.db, source);
    expect(summary).toMatchObject({ rows: values.length - bad, rowsWithoutTime: 1, badTimes: { rows: bad } });
    expect(summary.badTimes.example).toEqual(expect.any(String));
    const from = new Date('1000-01-01T00:00:00Z');
    expect(await collect({ ...source, from })).toHaveLength(values.length - bad);
    expect(
      (await collect(source)).every(({ ts }) => !Number.isNaN(parseTime(Number.isNaN(Number(ts)) ? ts : Number(ts)))),
    ).toBe(true);
  });
});

describe('a session', () => {
  it('means the same whatever the database, the role or the URL set', async () => {
    const own = await postgres.createDatabase();
    const [name] = (await own.query('SELECT current_database() AS name')) as { name: string }[];
    for (const setting of [
      `datestyle = 'German'`,
      `intervalstyle = 'iso_8601'`,
      `timezone = 'Asia/Kathmandu'`,
      'extra_float_digits = -10',
      'bytea_output = escape',
      'standard_conforming_strings = off',
    ])
      await own.query(`ALTER DATABASE "${name?.name}" SET ${setting}`);
    const text = `'2026-01-02 03:04:05'`;
    const query = `SELECT timestamptz ${text} AS tz, timestamp ${text} AS plain, date ${text} AS day, ${text}::text AS iso,
      interval '1 day 2 hours' AS gap, 0.1::float8 + 0.2 AS sum, '\\xff'::bytea AS bytes`;
    const expected = {
      ...{
        tz: '2026-01-02T03:04:05+00:00',
        plain: '2026-01-02T03:04:05',
        day: '2026-01-02',
        iso: '2026-01-02 03:04:05',
      },
      ...{ gap: '1 day 02:00:00', sum: 0.1 + 0.2 },
    };
    const fresh = await connect(own.url, { applicationName: 'test' });
    try {
      const time = new Date('2026-01-02T03:04:05Z');
      for (const timeColumn of ['tz', 'plain', 'iso']) {
        const source = { query, timeColumn };
        expect(await summariseHistory(fresh, source)).toMatchObject({ from: time, to: time });
        const rows = [];
        for await (const chunk of readHistory(fresh, source)) rows.push(...chunk);
        expect(rows).toMatchObject([expected]);
      }
      const lookup = await readLookup(fresh, 'times', query.replace('AS day', 'AS day, 1 AS key'), 'key');
      expect(lookup.rows['1']).toMatchObject(expected);
    } finally {
      await fresh.close();
    }
  });
});

describe('readLookup', () => {
  it('reads rows by their key', async () => {
    const query = `SELECT * FROM (VALUES (7, 1.5::numeric, true, NULL), (8, 2, false, 'x')) AS t (code, lat, open, note)`;
    expect(await readLookup(database.db, 'places', query, 'code')).toEqual({
      key: 'code',
      rows: {
        '7': { code: 7, lat: 1.5, open: 'true', note: null },
        '8': { code: 8, lat: 2, open: 'false', note: 'x' },
      },
    });
  });

  it.each([
    ['SELECT 1 AS code FROM nowhere', 'code', /nowhere/],
    ['SELECT 1 AS code', 'cod', /no column "cod"/],
    ['SELECT 1 AS code UNION ALL SELECT 1', 'code', /key "1" twice/],
    ['SELECT NULL::text AS code', 'code', /is null/],
    ['SELECT i AS code FROM generate_series(1, 100001) AS i', 'code', /more than 100000 rows/],
  ])('names what is wrong with %s', async (query, key, message) => {
    await expect(readLookup(database.db, 'places', query, key)).rejects.toMatchObject({
      code: 'FLOWLINE_HISTORY_INVALID',
      message: expect.stringMatching(message),
      where: expect.stringMatching(/spec\.lookups\.places/),
    });
  });
});
