import { setTimeout as sleep } from 'node:timers/promises';

import {
  applyRetention,
  claimEntities,
  commitBatch,
  commitCollected,
  type EntityScope,
  listWindowLimits,
  readWindows,
  resetWindows,
} from '@flowline/db';
import type { WindowSnapshot } from '@flowline/events';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { expireEntities } from '../../libs/db/src/sql/entities.ts';
import { withTransaction } from '../../libs/db/src/transaction.ts';
import { startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
import { type BatchOptions, scoredBatch, storedFrom, windowsAt } from '../support/postgres-batch.ts';

let postgres: TestPostgres;
let database: TestDatabase;

beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.stop());
beforeEach(async () => {
  database = await postgres.createDatabase();
});

const KEY = ['shop'];

const commit = (
  names: readonly string[],
  {
    seen = [],
    windows = null,
    ...options
  }: BatchOptions & { seen?: readonly string[]; windows?: WindowSnapshot | null } = {},
) => {
  const batch = scoredBatch({ size: names.length, ...options, entities: { key: KEY, names, seen, windows } });
  return commitBatch(database.db, batch, { alertTopic: 'alerts' });
};

const claim = (
  entities: readonly string[],
  partition = 0,
  { detector = 'checkout', topicId = null, key = KEY }: Partial<EntityScope> = {},
) => claimEntities(database.db, { detector, topic: 'orders', topicId, key, partition }, entities);

const stored = (partition = 0) => readWindows(database.db, 'checkout', 'orders', partition);

/** Waits until a statement waits for a lock, for ten seconds at most. */
async function waitUntilBlocked(): Promise<void> {
  const waiting = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
  for (let look = 0; look < 500; look++) {
    if ((await database.query(waiting)).length > 0) return;
    await sleep(20);
  }
  throw new Error('no statement waits for a lock');
}

/** Bytes of an entry of entity_claims; the last two are its day. */
const ENTRY_BYTES = 14;

/** Number of stored claims. */
const claimCount = async (): Promise<number> => {
  const rows = `SELECT coalesce(sum(octet_length(entries)), 0)::integer AS bytes FROM flowline.entity_claims`;
  return Number((await database.query(rows))[0]?.bytes) / ENTRY_BYTES;
};

/** Makes all claims those of entities last seen some days ago. */
const age = (days: number) =>
  database.query(
    `UPDATE flowline.entity_claims SET oldest = current_date - $1::integer, entries = (
       SELECT string_agg(overlay(substring(entries FROM $2 * i + 1 FOR $2) PLACING day FROM $2 - 1), '' ORDER BY i)
       FROM generate_series(0, octet_length(entries) / $2 - 1) i)
     FROM (SELECT substring(int4send(current_date - $1::integer - '1970-01-01'::date) FROM 3) AS day) AS aged`,
    [days, ENTRY_BYTES],
  );

/** Stores a claim as an earlier release did. */
const claimAsBefore = (entity: string, partition: number, daysAgo = 0) =>
  database.query(
    `INSERT INTO flowline.entity_partitions (detector, topic, key, entity, partition, last_seen)
     VALUES ('checkout', 'orders', $1, $2, $3, current_date - $4::integer)`,
    [KEY, entity, partition, daysAgo],
  );

describe('the entities of a batch', () => {
  it('are stored with its events and alerts', async () => {
    await commit(['a', '["b","7"]', 'c'], { anomalies: [1] });
    const rows = await database.query('SELECT entity FROM flowline.scored_events ORDER BY "offset"');
    expect(rows.map(({ entity }) => entity)).toEqual(['a', '["b","7"]', 'c']);
    expect(await database.query('SELECT entity FROM flowline.v1_anomalies')).toEqual([{ entity: '["b","7"]' }]);
    expect(await database.query('SELECT key FROM flowline.alert_outbox')).toEqual([{ key: 'checkout|["b","7"]' }]);
  });

  it('leave their windows, which never go back', async () => {
    expect(await stored()).toBeNull();
    await commit(['a'], { first: 4, windows: windowsAt(5) });
    await commit(['a'], { first: 5 });
    expect(await stored()).toEqual(storedFrom(windowsAt(5)));
    await commit(['a'], { first: 6, windows: windowsAt(7) });
    // A worker that was stopped for a while: its rows are already stored, and its windows are
    // outdated.
    expect(await commit(['a'], { first: 4, windows: windowsAt(5) })).toMatchObject({ stored: 0, alreadyStored: 1 });
    expect(await stored()).toEqual(storedFrom(windowsAt(7)));
    await commit(['a'], { first: 7, windows: windowsAt(8, 'other') });
    // That worker may also have the windows of an older model.
    await commit(['a'], { first: 4, windows: windowsAt(5) });
    await commit(['a'], { first: 7, windows: windowsAt(8) });
    expect(await stored()).toEqual(storedFrom(windowsAt(8, 'other')));
    expect(await stored(1)).toBeNull();
    await resetWindows(database.db, 'checkout', 'orders');
    expect(await stored()).toBeNull();
  });

  it('leave what changed in their windows, if it follows what is stored', async () => {
    const whole = windowsAt(1);
    const second = windowsAt(2, 'w', { follows: whole.token, keepFrom: 1 });
    const third = windowsAt(3, 'w', { follows: second.token, keepFrom: 2 });
    await commit(['a'], { first: 0, windows: whole });
    await commit(['a'], { first: 1, windows: second });
    expect(await stored()).toEqual({ ...storedFrom(second), pieces: [...whole.pieces, ...second.pieces] });
    await commit(['a'], { first: 2, windows: third });
    const both = { ...storedFrom(third), pieces: [...second.pieces, ...third.pieces] };
    expect(await stored()).toEqual(both);
    // It extends a snapshot of another worker: the rows are stored, the windows are not.
    const stray = windowsAt(4, 'w', { follows: second.token, keepFrom: 4 });
    expect(await commit(['a'], { first: 3, windows: stray })).toMatchObject({ stored: 1, windowsRefused: true });
    expect(await stored()).toEqual(both);
    expect(await commit(['a'], { first: 4, windows: windowsAt(5) })).not.toHaveProperty('windowsRefused');
    expect(await stored()).toEqual(storedFrom(windowsAt(5)));
    expect(await database.query('SELECT 1 FROM flowline.window_pieces')).toHaveLength(2);
  });

  it('have windows of any number of pieces, and those of the format before', async () => {
    const pieces = Array.from({ length: 30 }, (_, i) => ({ nextOffset: 1, bytes: Buffer.alloc(20_000, i) }));
    const windows = { ...windowsAt(1), pieces };
    await commit(['a'], { windows });
    expect(await stored()).toEqual(storedFrom(windows));
    await database.query(`UPDATE flowline.window_snapshots SET windows_id = 'old', token = NULL, state = '\\x0102'`);
    const old = { id: 'old', nextOffset: 1, token: null, pieces: [{ nextOffset: 1, bytes: Buffer.of(1, 2) }] };
    expect(await stored()).toEqual(old);
    await commit(['a'], { first: 1, windows: windowsAt(2) });
    expect(await stored()).toEqual(storedFrom(windowsAt(2)));
  });

  it('say which limits their windows reached', async () => {
    await commit(['a'], { windows: { ...windowsAt(1), limits: ['entities', 'memory'] } });
    await commit(['a'], { partition: 1, windows: windowsAt(1) });
    const limited = [{ topic: 'orders', partition: 0, limits: ['entities', 'memory'] }];
    expect(await listWindowLimits(database.db, 'checkout')).toEqual(limited);
  });

  it('are stored with events that are collected before the first model, too', async () => {
    const { modelVersion, logDensityNats, pValues, pMethods, anomalies, ...collected } = scoredBatch({
      size: 2,
      entities: { key: KEY, names: ['a', 'b'], seen: ['a', 'b'], windows: windowsAt(2) },
    });
    expect([modelVersion, logDensityNats.length, pValues.length, pMethods.length, anomalies]).toEqual([1, 2, 2, 2, []]);
    await commitCollected(database.db, collected);
    const rows = await database.query('SELECT entity, p_value FROM flowline.scored_events ORDER BY "offset"');
    expect(rows).toEqual([
      { entity: 'a', p_value: null },
      { entity: 'b', p_value: null },
    ]);
    expect(await stored()).toEqual(storedFrom(windowsAt(2)));
  });

  it('are forgotten when they have been silent for as long as anomalies are kept', async () => {
    const retention = { detector: 'checkout', scoredDays: 1, anomaliesDays: 10, deadLettersDays: 1 };
    await claim(['a', 'b', 'c']);
    await commit(['a', 'b', 'c']);
    await age(11);
    // b is seen again. Its day is recorded with the next snapshot.
    await commit(['b'], { first: 3, seen: ['b'] });
    await commit(['b'], { first: 4, seen: ['b'], windows: windowsAt(5) });
    expect(await applyRetention(database.db, [retention])).toMatchObject({ entities: 2 });
    expect(await claimCount()).toBe(1);
    expect(await claim(['a', 'b'], 1)).toEqual([{ entity: 'b', partition: 0 }]);
    expect(await applyRetention(database.db, [retention])).toMatchObject({ entities: 0 });
  });

  it('are forgotten in batches, the oldest first, where an earlier release claimed them', async () => {
    for (const entity of ['a', 'b', 'c', 'd']) await claimAsBefore(entity, 0);
    await database.query(
      `UPDATE flowline.entity_partitions SET last_seen = current_date - 11 - (entity = 'c')::int WHERE entity <> 'd'`,
    );
    const expire = () =>
      withTransaction(database.db, (client) =>
        expireEntities(client, { detector: 'checkout', keepDays: 10, limit: 2 }),
      );
    expect(await expire()).toEqual({ removed: 2 });
    const left = await database.query('SELECT entity FROM flowline.entity_partitions ORDER BY 1');
    expect(left).not.toContainEqual({ entity: 'c' });
    expect(await expire()).toEqual({ removed: 1 });
    expect(await expire()).toEqual({ removed: 0 });
    expect(await database.query('SELECT entity FROM flowline.entity_partitions')).toEqual([{ entity: 'd' }]);
  });

  it('stay if they are seen again while they are being forgotten', async () => {
    for (const entity of ['a', 'b']) await claimAsBefore(entity, 0);
    await database.query('UPDATE flowline.entity_partitions SET last_seen = current_date - 11');
    const seen = await database.client();
    await seen.query(`BEGIN; UPDATE flowline.entity_partitions SET last_seen = current_date WHERE entity = 'a'`);
    const retention = { detector: 'checkout', scoredDays: 1, anomaliesDays: 10, deadLettersDays: 1 };
    const retaining = applyRetention(database.db, [retention]);
    await waitUntilBlocked();
    await seen.query('COMMIT');
    expect(await retaining).toMatchObject({ entities: 1 });
    expect(await database.query('SELECT entity FROM flowline.entity_partitions')).toEqual([{ entity: 'a' }]);
  });

  it('belong to the partition that claims them first', async () => {
    expect(await claim(['b', 'a'])).toEqual([]);
    expect(await claim(['c'], 1)).toEqual([]);
    expect(await claim(['a', 'b'])).toEqual([]);
    expect(await claim(['d', 'b'], 1)).toEqual([{ entity: 'b', partition: 0 }]);
    expect(await claim(['b', 'd'], 1)).toEqual([{ entity: 'b', partition: 0 }]);
    // Another detector has its own entities.
    expect(await claim(['b'], 1, { detector: 'returns' })).toEqual([]);
    await resetWindows(database.db, 'checkout', 'orders');
    expect(await claim(['b', 'd'], 1)).toEqual([]);
  });

  it('are others in another life of the topic, and where another key names them', async () => {
    expect(await claim(['a', 'b'])).toEqual([]);
    expect(await claim(['a'], 1, { topicId: 'recreated' })).toEqual([]);
    expect(await claim(['a'], 2, { key: ['shop', 'till'] })).toEqual([]);
    expect(await claim(['a'], 3)).toEqual([{ entity: 'a', partition: 0 }]);
    expect(await claim(['a'], 3, { topicId: 'recreated' })).toEqual([{ entity: 'a', partition: 1 }]);
  });

  it('are claimed once where several ask at once, in any order', async () => {
    const names = Array.from({ length: 200 }, (_, i) => `entity ${i}`);
    const asked = [0, 1, 2, 3].map((partition) => claim(partition % 2 === 0 ? names : names.toReversed(), partition));
    const strays = (await Promise.all(asked)).map((found) => found.length);
    expect(strays.reduce((a, b) => a + b)).toBe(3 * names.length);
    expect(await claimCount()).toBe(names.length);
  });

  it('are claimed in any number, in rows of a bounded size', async () => {
    const names = Array.from({ length: 6_000 }, (_, i) => `entity ${i}`);
    for (let start = 0; start < names.length; start += 1_500)
      expect(await claim(names.slice(start, start + 1_600), start % 2)).toEqual([]);
    expect(await claimCount()).toBe(names.length);
    expect(await claim(names, 7)).toHaveLength(names.length);
    const [row] = await database.query(
      'SELECT count(*)::int AS n, max(octet_length(entries)) AS bytes FROM flowline.entity_claims',
    );
    expect(Number(row?.n)).toBeGreaterThan(names.length / 240);
    expect(Number(row?.bytes)).toBeLessThanOrEqual(240 * ENTRY_BYTES);
    await age(3);
    expect(await claim(names.slice(0, 10), 0)).toEqual([]); // the claim notes their day
    const retention = { detector: 'checkout', scoredDays: 1, anomaliesDays: 2, deadLettersDays: 1 };
    expect(await applyRetention(database.db, [retention])).toMatchObject({ entities: names.length - 10 });
    expect(await claim(names.slice(0, 20), 1)).toHaveLength(10);
  });

  it('that were claimed in the earlier form keep their partition, and move when they are claimed or seen', async () => {
    await claimAsBefore('a', 0, 5);
    await claimAsBefore('b', 1, 5);
    await claimAsBefore('c', 0, 5);
    await claimAsBefore('d', 0, 5);
    expect(await claim(['a', 'b', 'x'])).toEqual([{ entity: 'b', partition: 1 }]);
    await commit(['c'], { seen: ['c'], windows: windowsAt(1) });
    expect(await database.query('SELECT entity FROM flowline.entity_partitions')).toEqual([{ entity: 'd' }]);
    const retention = { detector: 'checkout', scoredDays: 1, anomaliesDays: 4, deadLettersDays: 1 };
    expect(await applyRetention(database.db, [retention])).toMatchObject({ entities: 2 }); // b and d
    expect(await claim(['a', 'b', 'c', 'd', 'x'], 2)).toEqual([
      { entity: 'a', partition: 0 },
      { entity: 'c', partition: 0 },
      { entity: 'x', partition: 0 },
    ]);
  });

  it('may have names of any size and content', async () => {
    const long = Array.from({ length: 6_000 }, (_, i) => String.fromCodePoint(0x4e00 + ((i * 7_919) % 20_000))).join(
      '',
    );
    const names = [long, `${long}x`, 'x'.repeat(1_000_000), 'a\0b', 'a\ufffdb', '\ud800', '\udfff', ''];
    expect(await claim(names)).toEqual([]);
    expect((await claim(names, 1)).map(({ entity }) => entity).sort()).toEqual([...names].sort());
    expect(await claim(['a\0c', `${long}y`], 1)).toEqual([]);
    await commit(names, { seen: names, windows: windowsAt(8) });
    expect(await database.query('SELECT 1 FROM flowline.scored_events WHERE entity = $1', [long])).toHaveLength(1);
  });
});
