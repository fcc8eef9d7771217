import { commitBatch, readDiscoveries, restartStream } from '@flowline/db';
import { lordThresholds, partitionWealth } from '@flowline/detector';
import { advanceDiscoveries, type BatchDiscoveries, type DiscoveryState, newDiscoveries } from '@flowline/events';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
import { type BatchOptions, scoredBatch } from '../support/postgres-batch.ts';

const LEVEL = 0.1;
const stream = { detector: 'checkout', topic: 'orders', partition: 0 };

let postgres: TestPostgres;
let database: TestDatabase;

beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.stop());
beforeEach(async () => {
  database = await postgres.createDatabase();
});

/** p-value of the record at an offset: every third one is a discovery. */
const pValueOf = (offset: number): number => (offset % 3 === 1 ? 1e-9 : 0.5);

/** Batch of the offsets, decided from a state. */
function decided(
  offsets: readonly number[],
  before: DiscoveryState,
  options: BatchOptions & Partial<BatchDiscoveries> = {},
) {
  const pValues = Float64Array.from(offsets, pValueOf);
  const thresholds = lordThresholds(partitionWealth(LEVEL, 0), before, pValues);
  const rows = offsets.flatMap((offset, row) => (offset % 3 === 1 ? [row] : []));
  const batch = { ...scoredBatch({ offsets, anomalies: rows, ...options }), pValues };
  const follows = before.tests === 0 ? null : before;
  const discoveries = { follows, before, decidedFrom: batch.fromOffset, thresholds, refused: 0 };
  return {
    batch: {
      ...batch,
      discoveries: { ...discoveries, ...(options.follows === undefined ? {} : { follows: options.follows }) },
    },
    after: advanceDiscoveries(before, thresholds, pValues),
  };
}

const fresh = newDiscoveries(LEVEL);
const commit = ({ batch }: Pick<ReturnType<typeof decided>, 'batch'>) =>
  commitBatch(database.db, batch, { alertTopic: 'alerts' });
const stored = () => readDiscoveries(database.db, stream);

describe('discoveries of a batch', () => {
  it('are stored with its rows, once however often it is, and the next batch follows', async () => {
    expect(await stored()).toEqual({ nextOffset: 0, state: null });
    const first = decided([0, 1, 2, 3, 4], fresh);
    await commit(first);
    expect(await commit(first)).toMatchObject({ stored: 0, alreadyStored: 5 });
    expect(await stored()).toEqual({ nextOffset: 5, state: first.after });
    expect(first.after).toMatchObject({ tests: 5, discovered: 2, latest: [2, 5] });
    const second = decided([5, 6, 7], first.after, { fromOffset: 5 });
    await commit(second);
    expect(await stored()).toEqual({ nextOffset: 8, state: second.after });
    expect(
      await database.query(
        'SELECT topic, partition, level, tests::int, anomalies::int, estimated_fdr FROM flowline.v1_discoveries',
      ),
    ).toEqual([
      { topic: 'orders', partition: 0, level: LEVEL, tests: 8, anomalies: 3, estimated_fdr: second.after.expected / 3 },
    ]);
  });

  it('count the sum of their thresholds as the anomalies to be expected', async () => {
    const { batch, after } = decided([0, 1, 2, 3, 4], fresh);
    await commit({ batch });
    const [row] = await database.query('SELECT expected, measured::int FROM flowline.v1_alert_rate_daily');
    expect(row).toEqual({ expected: expect.closeTo(after.expected, 12), measured: 2 });
  });

  it.each([
    ['are refused with the whole batch if another worker has tested events since', { tests: 9 }],
    ['are refused if it has found others', { latest: [1, 4] }],
    ['are refused if it has found more', { discovered: 3 }],
    ['are refused if it tests at another level', { level: 0.2 }],
  ])('%s', async (_, other) => {
    const first = decided([0, 1, 2, 3, 4], fresh);
    await commit(first);
    const late = commit(decided([5, 6], { ...first.after, ...other }, { fromOffset: 5 }));
    await expect(late).rejects.toMatchObject({ code: 'FLOWLINE_DISCOVERIES_BEHIND', retryable: true });
    expect(await stored()).toEqual({ nextOffset: 5, state: first.after });
  });

  it('are refused if the batch begins a sequence that another worker has begun, and the other way round', async () => {
    const first = decided([0, 1, 2], fresh);
    await expect(commit(decided([0, 1], first.after))).rejects.toMatchObject({ code: 'FLOWLINE_DISCOVERIES_BEHIND' });
    await commit(first);
    const again = commit(decided([3, 4], fresh, { fromOffset: 3 }));
    await expect(again).rejects.toMatchObject({ code: 'FLOWLINE_DISCOVERIES_BEHIND' });
  });

  it('are stored from the fence on, if what lies below it was decided alike', async () => {
    const first = decided([0, 1, 2], fresh);
    await commit(first);
    const whole = decided([0, 1, 2, 3, 4], fresh);
    expect(await commit(whole)).toMatchObject({ stored: 2, alreadyStored: 3, anomalies: 1 });
    expect(await stored()).toEqual({ nextOffset: 5, state: whole.after });
  });

  it('follow from another level behind what is stored', async () => {
    const first = decided([0, 1, 2], fresh);
    await commit(first);
    const other = decided([3, 4], newDiscoveries(0.2), { fromOffset: 3, follows: first.after });
    await commit(other);
    expect(await stored()).toMatchObject({ state: { level: 0.2, tests: 2, discovered: 1 } });
  });

  it('count an event that Postgres refuses as tested, and go with the halves of its batch', async () => {
    await database.query(`
      CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF NEW."offset" = 3 THEN RAISE EXCEPTION 'refused' USING ERRCODE = '22021'; END IF;
        RETURN NEW;
      END $$;
      CREATE TRIGGER refuse BEFORE INSERT ON flowline.event_scores FOR EACH ROW EXECUTE FUNCTION refuse()`);
    const whole = decided([0, 1, 2, 3, 4, 5, 6, 7], fresh);
    expect(await commit(whole)).toMatchObject({ stored: 7, refused: 1, anomalies: 3 });
    const { state } = await stored();
    const { expected: _, ...rest } = whole.after;
    expect(state).toMatchObject(rest);
  });

  it('end with the life of the topic', async () => {
    await commit(decided([0, 1, 2], fresh));
    await restartStream(database.db, { detector: 'checkout', topic: 'orders', topicId: 'two' }, [0]);
    expect(await stored()).toEqual({ nextOffset: 0, state: null });
    expect(await database.query('SELECT FROM flowline.partition_discoveries')).toEqual([]);
  });
});
