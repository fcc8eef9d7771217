import { csvRecords } from '@flowline/config';
import { type FeatureSpec, parseJson } from '@flowline/events';
import { compileName, createRecordReader, type ReadResult } from '@flowline/features';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { cellValue, fieldKinds } from '../../services/cli/src/score/field-kinds.ts';
import { startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
import { readHistory } from '../support/read-history.ts';

let postgres: TestPostgres;
let database: TestDatabase;
beforeAll(async () => {
  postgres = await startPostgres();
  database = await postgres.createDatabase();
  await database.query(`CREATE TYPE mood AS ENUM ('calm', 'so so'); CREATE DOMAIN share AS numeric(6, 3)`);
});
afterAll(() => postgres.stop());

/** A column type, read as a feature type, with values written in SQL. */
interface Column {
  readonly sql: string;
  readonly feature: FeatureSpec['type'];
  readonly values: fc.Arbitrary<string>;
}

const number = (low: number, high: number) => fc.integer({ min: low, max: high }).map(String);
const word = fc.oneof(
  fc.constantFrom('', ' ', 't', 'true', 'NULL', 'a"b', 'x,y', 'line\nbreak', '\\.', '1.0', '007', 'é', 'ends '),
  fc.string({ maxLength: 6 }).filter((text) => !text.includes('\0')),
);
const int8 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String);
const numeric = fc.stringMatching(/^-?[1-9]\d{0,20}(\.\d{0,8}0?)?$/);
const float = fc.double({ noNaN: true, noDefaultInfinity: true }).map(String);
const instant = number(0, 4_000_000_000).map((seconds) => new Date(Number(seconds) * 1000 + 123).toISOString());
const column = (sql: string, feature: FeatureSpec['type'], values: fc.Arbitrary<string>): Column => ({
  sql,
  feature,
  values,
});

const columns: readonly Column[] = [
  ...(['categorical', 'real'] as const).flatMap((feature) => [
    column('smallint', feature, number(-32768, 32767)),
    column('int8', feature, fc.oneof(number(-9, 9), int8)),
    column('numeric', feature, numeric),
    column('numeric(12,2)', feature, number(-99999, 99999)),
    column('share', feature, number(0, 999)),
    column(
      'float8',
      feature,
      fc.oneof(
        float.filter((text) => Math.abs(Number(text)) < 1e37),
        number(-9, 9),
      ),
    ),
    column(
      'real',
      feature,
      number(-1e6, 1e6).map((text) => `${text}.125`),
    ),
  ]),
  column('text', 'categorical', word),
  column('varchar(8)', 'categorical', word),
  column('char(8)', 'categorical', word),
  column('name', 'categorical', word),
  column('"char"', 'categorical', fc.constantFrom('a', 'b')),
  column('mood', 'categorical', fc.constantFrom('calm', 'so so')),
  column('boolean', 'categorical', fc.constantFrom('true', 'false')),
  column('boolean', 'boolean', fc.constantFrom('true', 'false')),
  column('uuid', 'categorical', fc.uuid()),
  column('inet', 'categorical', fc.ipV4()),
  column('date', 'categorical', instant),
  column(
    'time',
    'categorical',
    instant.map((text) => text.slice(11, 23)),
  ),
  column(
    'interval',
    'categorical',
    number(0, 1e6).map((text) => `${text} seconds`),
  ),
  column(
    'bytea',
    'categorical',
    fc.uint8Array({ maxLength: 4 }).map((b) => `\\x${Buffer.from(b).toString('hex')}`),
  ),
  column('money', 'categorical', number(0, 99999)),
  column('bit(4)', 'categorical', fc.stringMatching(/^[01]{4}$/)),
  column(
    'int4range',
    'categorical',
    number(0, 9).map((text) => `[${text},20)`),
  ),
  column('oid', 'categorical', number(0, 99)),
  column('timestamptz', 'cyclic', instant),
  column('timestamp', 'cyclic', instant),
  column('date', 'cyclic', instant),
  column('timestamptz', 'real', instant),
];

const schemaOf = (table: readonly Column[]): readonly FeatureSpec[] => [
  ...table.map(({ feature }, i) => ({
    ...{ name: `c${i}`, type: feature, from: `c${i}`, role: 'score' as const },
    ...{ nullable: true, maxLevels: 64, period: feature === 'cyclic' ? 86_400_000 : null },
  })),
  {
    ...{ name: 'gap', type: 'real', from: { difference: ['ts', 'since'] }, role: 'score' },
    ...{ nullable: false, maxLevels: 64, period: null },
  },
];

/** CSV text of a query's rows, as the server's COPY writes it. */
async function copied(query: string): Promise<string> {
  const file = `/tmp/flowline-values-${process.pid}.csv`;
  await database.query(`COPY (${query}) TO '${file}' WITH (FORMAT csv, HEADER)`);
  const [row] = (await database.query(`SELECT pg_read_file('${file}') AS text`)) as { text: string }[];
  return row?.text ?? '';
}

describe('a value', () => {
  it('is the same from a row of history, the JSON of an event, and a line of CSV', async () => {
    const table = fc.array(fc.constantFrom(...columns), { minLength: 1, maxLength: 12 });
    const cases = table.chain((of) =>
      fc.record({
        of: fc.constant(of),
        rows: fc.array(fc.tuple(...of.map(({ values }) => fc.option(values, { freq: 6 }))), {
          minLength: 1,
          maxLength: 12,
        }),
      }),
    );
    await fc.assert(
      fc.asyncProperty(cases, async ({ of, rows }) => {
        await database.query('DROP TABLE IF EXISTS drawn');
        const declared = of.map(({ sql }, i) => `c${i} ${sql}`).join(', ');
        await database.query(`CREATE TABLE drawn (ts timestamptz, since timestamp, ${declared})`);
        const places = of.map(({ sql }, i) => `cast($${i + 2}::text AS ${sql})`).join(', ');
        for (const [i, row] of rows.entries()) {
          const text = `INSERT INTO drawn VALUES ('2026-01-01Z'::timestamptz + $1 * interval '1 minute', '2025-12-31 23:59:59.5', ${places})`;
          await database.query(text, [i, ...row]);
        }
        const schema = schemaOf(of);
        const reader = createRecordReader(schema, {});
        const keys = of.flatMap(({ feature }, i) => (feature === 'categorical' ? [compileName(`c${i}`, {})] : []));
        const seen = (records: readonly object[], { table, faults }: ReadResult) => ({
          numbers: [...table.numeric],
          levels: table.levels,
          faults,
          keys: records.map((record) => keys.map((key) => key(record as Record<string, unknown>))),
        });

        const history: object[] = [];
        for await (const chunk of readHistory(database.db, { query: 'SELECT * FROM drawn', timeColumn: 'ts' }))
          history.push(...chunk);
        const trained = reader.read(history);
        expect(trained.faults).toEqual([]);

        const json = (await database.query('SELECT row_to_json(drawn)::text AS json FROM drawn ORDER BY ts')) as {
          json: string;
        }[];
        const events = json.map((row) => parseJson(row.json) as object);
        expect(seen(events, reader.read(events))).toEqual(seen(history, trained));

        const levels = levelsOf(
          trained,
          of.filter(({ feature }) => feature === 'categorical' || feature === 'boolean').length,
        );
        const kinds = fieldKinds({
          ...{ schema, lookups: {}, entity: null },
          encoding: {
            toJSON: () => ({ levels: levels.map((own) => ({ levels: own, counts: [], unseen: 0, closed: false })) }),
          },
        });
        const text = await copied('SELECT * FROM drawn ORDER BY ts');
        const lines = [];
        for await (const { cells } of csvRecords(inPieces(text), { where: 'drawn.csv' })) lines.push(cells);
        const [header = [], ...body] = lines;
        const records = body.map((cells) =>
          Object.fromEntries<unknown>(
            header.map((name, i) => [name ?? '', cellValue(cells[i] ?? null, kinds.get(name ?? ''))]),
          ),
        );
        const { keys: _keys, ...scored } = seen(records, reader.read(records));
        const { keys: _others, ...known } = seen(history, trained);
        expect(scored).toEqual(known);
      }),
      { numRuns: 60 },
    );
  });
});

/** Levels of each column of a table. */
const levelsOf = ({ table }: ReadResult, width: number): readonly (readonly string[])[] =>
  Array.from({ length: width }, (_, column) => [
    ...new Set(table.levels.flatMap((level, i) => (i % width === column && level !== null ? [level] : []))),
  ]);

async function* inPieces(text: string): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(Buffer.from(text));
}
