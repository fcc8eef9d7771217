import { applyRetention, commitBatch, commitCollected, readOffset, readWindows, resetWindows } from '@flowline/db';
import type { StoredWindows } from '@flowline/events';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
import { type BatchOptions, scoredBatch } from '../support/postgres-batch.ts';

let postgres: TestPostgres;
let database: TestDatabase;

beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.stop());
beforeEach(async () => {
  database = await postgres.createDatabase();
});

const windowsAt = (nextOffset: number, id = 'w'): StoredWindows => ({
  id,
  nextOffset,
  bytes: Buffer.of(nextOffset, 0, 255),
});

const commit = (
  names: readonly string[],
  {
    added = [],
    seen = [],
    windows = null,
    ...options
  }: BatchOptions & { added?: readonly string[]; seen?: readonly string[]; windows?: StoredWindows | null },
) => {
  const batch = scoredBatch({ size: names.length, ...options, entities: { names, added, seen, windows } });
  return commitBatch(database.db, batch, { alertTopic: 'alerts' });
};

const stored = (partition = 0) => readWindows(database.db, 'checkout', 'orders', partition);

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
    expect(await stored()).toEqual(windowsAt(5));
    await commit(['a'], { first: 6, windows: windowsAt(7) });
    // A worker that was stopped for a while: its rows are stored already, and its windows are of the past.
    expect(await commit(['a'], { first: 4, windows: windowsAt(5) })).toMatchObject({ stored: 0, alreadyStored: 1 });
    expect(await stored()).toEqual(windowsAt(7));
    await commit(['a'], { first: 7, windows: windowsAt(8, 'other') });
    // That worker may have the windows of an older model, too.
    await commit(['a'], { first: 4, windows: windowsAt(5) });
    await commit(['a'], { first: 7, windows: windowsAt(8) });
    expect(await stored()).toEqual(windowsAt(8, 'other'));
    expect(await stored(1)).toBeNull();
    await resetWindows(database.db, 'checkout', 'orders');
    expect(await stored()).toBeNull();
  });

  it('are stored with events that are collected before the first model, too', async () => {
    const { modelVersion, logDensityNats, pValues, pMethods, anomalies, ...collected } = scoredBatch({
      size: 2,
      entities: { names: ['a', 'b'], added: ['a', 'b'], seen: ['a', 'b'], windows: windowsAt(2) },
    });
    expect([modelVersion, logDensityNats.length, pValues.length, pMethods.length, anomalies]).toEqual([1, 2, 2, 2, []]);
    await commitCollected(database.db, collected);
    const rows = await database.query('SELECT entity, p_value FROM flowline.scored_events ORDER BY "offset"');
    expect(rows).toEqual([
      { entity: 'a', p_value: null },
      { entity: 'b', p_value: null },
    ]);
    expect(await stored()).toEqual(windowsAt(2));
    await expect(commit(['b'], { partition: 1, added: ['b'] })).rejects.toMatchObject({
      code: 'FLOWLINE_ENTITY_SCATTERED',
    });
  });

  it('are forgotten when they have been silent for as long as anomalies are kept', async () => {
    const retention = { detector: 'checkout', scoredDays: 1, anomaliesDays: 10, deadLettersDays: 1 };
    await commit(['a', 'b', 'c'], { added: ['a', 'b', 'c'] });
    await database.query('UPDATE flowline.entity_partitions SET last_seen = current_date - 11');
    // b is seen again; its day is noted with the next snapshot.
    await commit(['b'], { first: 3, seen: ['b'] });
    await commit(['b'], { first: 4, seen: ['b'], windows: windowsAt(5) });
    await commit(['c'], { first: 0, seen: ['c'], windows: windowsAt(1) }); // a worker that others overtook
    expect(await applyRetention(database.db, [retention])).toMatchObject({ entities: 2 });
    expect(await database.query('SELECT entity FROM flowline.entity_partitions')).toEqual([{ entity: 'b' }]);
    await commit(['a'], { partition: 1, added: ['a'] });
    expect(await applyRetention(database.db, [retention])).toMatchObject({ entities: 0 });
  });

  it('belong to one partition: a batch with one of another partition is not stored', async () => {
    await commit(['a', 'b'], { added: ['a', 'b'] });
    await commit(['c'], { partition: 1, added: ['c'] });
    await commit(['a'], { first: 2, added: ['a'] });
    await expect(
      commit(['b', 'd'], { partition: 1, first: 1, added: ['d', 'b'], windows: windowsAt(3) }),
    ).rejects.toMatchObject({
      code: 'FLOWLINE_ENTITY_SCATTERED',
      message: expect.stringContaining('the entity b arrive in orders[1] and in orders[0]'),
      retryable: false,
    });
    expect(await readOffset(database.db, 'checkout', 'orders', 1)).toBe(1);
    expect(await stored(1)).toBeNull();
    // Another detector has entities of its own.
    await commit(['b'], { detector: 'returns', partition: 1, added: ['b'] });
    await resetWindows(database.db, 'checkout', 'orders');
    await commit(['b', 'd'], { partition: 1, first: 1, added: ['b', 'd'] });
  });
});
