import { commitBatch } from '@flowline/db';
import { at } from '@flowline/events';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
import { scoredBatch } from '../support/postgres-batch.ts';

let postgres: TestPostgres;
let database: TestDatabase;

beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.stop());
beforeEach(async () => {
  database = await postgres.createDatabase();
});

/** Stores a row of numbers, scored by a model whose features have these standard deviations. */
async function stored(
  precision: 'compact' | 'exact',
  values: readonly number[],
  spreads: readonly number[],
  score: { readonly logDensity?: number; readonly p?: number } = {},
) {
  const batch = {
    ...scoredBatch({ size: 1 }),
    numeric: Float64Array.from(values),
    numericWidth: values.length,
    logDensityNats: Float64Array.of(score.logDensity ?? -Math.PI),
    pValues: Float64Array.of(score.p ?? 1 / 3),
    numericSpreads: Float64Array.from(spreads),
  };
  await commitBatch(database.db, batch, { alertTopic: null, precision });
  const [row] = await database.query(
    `SELECT numeric_values AS numbers, log_density_nats AS "logDensity", p_value AS p, p_method AS method, is_anomaly,
       in_sample FROM flowline.scored_events`,
  );
  return row;
}

describe('precision: exact', () => {
  it('keeps every value and score to the last bit', async () => {
    const values = [Math.PI, 1e300, 5e-324, -0.1, NaN, 2 ** 53];
    expect(
      await stored(
        'exact',
        values,
        values.map(() => 1),
        { logDensity: -1e-7 / 3, p: 1e-300 },
      ),
    ).toEqual({
      numbers: [Math.PI, 1e300, 5e-324, -0.1, null, 2 ** 53],
      ...{ logDensity: -1e-7 / 3, p: 1e-300, method: 'empirical', is_anomaly: false, in_sample: true },
    });
  });
});

describe('precision: compact', () => {
  it('keeps seven digits, and numbers of at most six as they are', async () => {
    const row = await stored('compact', [Math.PI, 0.1, -123.456, 16_777_215, NaN, 0], [1, 1, 10, 1e7, 1, 0]);
    expect(row).toMatchObject({ numbers: [expect.closeTo(Math.PI, 6), 0.1, -123.456, 16_777_215, null, 0] });
    expect((row?.numbers as number[])[0]).not.toBe(Math.PI);
    expect(row).toMatchObject({ logDensity: expect.closeTo(-Math.PI, 6), p: expect.closeTo(1 / 3, 7) });
  });

  it.each([
    ['a time in milliseconds', 1_767_225_600_123, 86_400_000],
    ['an offset that is large for the spread', 101_325.273_1, 1],
    ['a whole number beyond 2²⁴', 123_456_789, 1e9],
    ['a number beyond the range of float4', 1.234_567_89e300, 1e300],
    ['a number that would become 0', 1.234_567_89e-60, 1],
    ['a constant with many digits', Math.E, 0],
    ['an outlier', 123_456.789_01, 1],
    ['a share next to 1', 0.999_999_876_54, 0.1],
  ])('keeps %s as it is, among others that are rounded', async (_, value, spread) => {
    const row = await stored('compact', [Math.PI, value, NaN], [1, spread, 1]);
    expect(row?.numbers).toEqual([expect.closeTo(Math.PI, 6), value, null]);
    expect((row?.numbers as number[])[0]).not.toBe(Math.PI);
  });

  it('moves no value by more than 1/10,000 of its spread, and none onto another whole number', async () => {
    let state = 7;
    const random = () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
    const spreads = Array.from({ length: 256 }, () => 10 ** (16 * random() - 8));
    const values = spreads.map((spread) => spread * 10 ** (6 * random() - 1) * (random() < 0.5 ? -1 : 1));
    const { numbers } = (await stored('compact', values, spreads)) as { readonly numbers: number[] };
    const moved = numbers.map((number, i) => Math.abs(number - at(values, i)) / at(spreads, i));
    expect(Math.max(...moved)).toBeLessThanOrEqual(1e-4);
    expect(moved.filter((share) => share === 0).length).toBeGreaterThan(50);
    expect(moved.filter((share) => share > 0).length).toBeGreaterThan(50);
  });

  it('moves no share by more than 1/10,000 on the logit scale, on which it is scored', async () => {
    const shares = Array.from({ length: 200 }, (_, i) => 1 - Math.PI * 10 ** (-0.6 - i / 25));
    const { numbers } = (await stored(
      'compact',
      shares,
      shares.map(() => 0.1),
    )) as { readonly numbers: number[] };
    const logit = (share: number): number => Math.log((share + 1e-6) / (1 - share + 1e-6));
    const moved = numbers.map((number, i) => Math.abs(logit(number) - logit(at(shares, i))));
    expect(Math.max(...moved)).toBeLessThanOrEqual(1e-4);
    expect(moved.filter((each) => each > 0).length).toBeGreaterThan(30);
  });

  it('keeps p-values that a float4 could not hold, and densities of nothing', async () => {
    expect(await stored('compact', [1], [1], { logDensity: -Infinity, p: 1.234e-300 })).toMatchObject({
      ...{ logDensity: -Infinity, p: 1.234e-300 },
    });
  });

  it('is a history with the same values, exact or compact, each in its place', async () => {
    const row = await stored('compact', [Math.PI, 1_767_225_600_123, NaN], [1, 86_400_000, 1]);
    const [history] = await database.query(
      'SELECT exact_values AS exact, compact_values AS compact FROM flowline.event_history',
    );
    expect(history?.exact).toEqual([null, 1_767_225_600_123, null]);
    expect(history?.compact).toEqual([expect.closeTo(Math.PI, 6), null, null]);
    const [exact, compact] = [history?.exact, history?.compact] as (number | null)[][];
    expect(exact?.map((value, i) => value ?? compact?.[i] ?? null)).toEqual(row?.numbers);
  });

  it('stores values exactly where the spread of the features is not known', async () => {
    const batch = scoredBatch({ size: 1 });
    const numeric = Float64Array.of(Math.PI, Math.E);
    await commitBatch(database.db, { ...batch, numeric }, { alertTopic: null, precision: 'compact' });
    expect(await database.query('SELECT numeric_values AS numbers FROM flowline.scored_events')).toEqual([
      { numbers: [Math.PI, Math.E] },
    ]);
  });

  it('writes hardly more log than the rows themselves: no index is changed by a row', async () => {
    const size = 4_000;
    const numeric = Float64Array.from({ length: size * 10 }, (_, i) => Math.sin(i));
    const batch = { ...scoredBatch({ size }), numeric, numericWidth: 10, levels: [], levelWidth: 0 };
    const position = async () => {
      const [row] = await database.query(`SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::float8 AS bytes`);
      return Number(row?.bytes);
    };
    const before = await position();
    const options = { alertTopic: null, precision: 'compact' } as const;
    await commitBatch(database.db, { ...batch, numericSpreads: new Float64Array(10).fill(1) }, options);
    // 134 bytes per event, and what else the transaction stores. An index that each row changed
    // would add thousands.
    expect(((await position()) - before) / size).toBeLessThan(250);
  });

  it('halves the bytes of a row of ten numbers', async () => {
    const size = 2_000;
    const numeric = Float64Array.from({ length: size * 10 }, (_, i) => 3 * Math.sin(i));
    const batch = { ...scoredBatch({ size }), numeric, numericWidth: 10, levels: [], levelWidth: 0 };
    const bytes = async () => {
      const [row] = await database.query(`SELECT sum(pg_column_size(e.*))::int AS n FROM flowline.event_scores e`);
      await database.query('TRUNCATE flowline.event_scores, flowline.stream_offsets');
      return Number(row?.n) / size;
    };
    await commitBatch(
      database.db,
      { ...batch, numericSpreads: new Float64Array(10).fill(1) },
      { alertTopic: null, precision: 'compact' },
    );
    // A row of the earlier layout had 245 bytes.
    expect(await bytes()).toBeLessThan(150);
    await commitBatch(database.db, batch, { alertTopic: null, precision: 'exact' });
    expect(await bytes()).toBeLessThan(200);
  });
});
