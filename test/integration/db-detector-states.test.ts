import {
  applyDetector,
  commitBatch,
  deleteDetector,
  listDetectors,
  pauseDetector,
  promote,
  readOffset,
  resumeDetector,
  storeModelVersion,
} from '@flowline/db';
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

const states = async () => (await listDetectors(database.db)).map(({ name, state }) => [name, state]);
const commit = (detector: string, first = 0, partition = 0) =>
  commitBatch(database.db, scoredBatch({ detector, first, partition, anomalies: [0], deadLetters: [first + 5] }), {
    alertTopic: 'alerts',
  });
const missing = { code: 'FLOWLINE_DETECTOR_MISSING' };

/** A detector with a model, events and everything derived from them. */
async function fill(name: string): Promise<void> {
  await applyDetector(database.db, { name });
  const bytes = Buffer.from(`model of ${name}`);
  await storeModelVersion(database.db, { detector: name, detectorVersion: 1, bytes, alpha: 0.01, manifest: {} });
  await promote(database.db, name, 1);
  await commit(name);
}

const rowsOf = async (name: string) => {
  const tables = ['scored_events', 'anomalies', 'alert_outbox', 'dead_letters', 'stream_offsets', 'model_versions'];
  const counts = tables.map((table) => `(SELECT count(*)::int FROM flowline.${table} WHERE detector = $1) AS ${table}`);
  return (await database.query(`SELECT ${counts.join(', ')}`, [name]))[0];
};

describe('the state of a detector', () => {
  it('is paused and resumed, and says whether that changed anything', async () => {
    await applyDetector(database.db, { name: 'a' });
    expect([await pauseDetector(database.db, 'a'), await pauseDetector(database.db, 'a')]).toEqual([true, false]);
    // A new definition does not resume it.
    await applyDetector(database.db, { name: 'a', ...{ labels: 1 } });
    expect(await states()).toEqual([['a', 'paused']]);
    expect([await resumeDetector(database.db, 'a'), await resumeDetector(database.db, 'a')]).toEqual([true, false]);
    expect(await states()).toEqual([['a', 'active']]);
    await expect(pauseDetector(database.db, 'b')).rejects.toMatchObject(missing);
  });

  it('is deleted with its data kept, unknown then to everybody, and revived by applying it', async () => {
    await fill('a');
    expect(await deleteDetector(database.db, 'a', { dropData: false })).toEqual({});
    expect(await states()).toEqual([]);
    await expect(pauseDetector(database.db, 'a')).rejects.toMatchObject(missing);
    await expect(promote(database.db, 'a', 1)).rejects.toMatchObject(missing);
    expect(await rowsOf('a')).toMatchObject({ scored_events: 3, anomalies: 1, stream_offsets: 1, model_versions: 1 });
    expect(await applyDetector(database.db, { name: 'a' })).toEqual({ version: 2, changed: true });
    expect(await states()).toEqual([['a', 'active']]);
    expect(await readOffset(database.db, 'a', 'orders', 0)).toBe(6);
  });

  it('is deleted with its data dropped: all of its own, nothing of another', async () => {
    await fill('a');
    await fill('b');
    const before = await rowsOf('b');
    const all = {
      scored_events: 3,
      anomalies: 1,
      alerts: 2,
      alert_outbox: 1,
      dead_letters: 1,
      detectors_in_force: 1,
      event_counts: 1,
      model_aliases: 1,
      model_versions: 1,
    };
    expect(await deleteDetector(database.db, 'a', { dropData: true })).toEqual(all);
    expect(await rowsOf('a')).toEqual({
      ...{ scored_events: 0, anomalies: 0, alert_outbox: 0, dead_letters: 0, stream_offsets: 0, model_versions: 0 },
    });
    expect(await rowsOf('b')).toEqual(before);
    expect(await database.query('SELECT count(*)::int AS n FROM flowline.model_artifacts')).toEqual([{ n: 1 }]);
    // Repeating it does only what is left: nothing.
    expect(await deleteDetector(database.db, 'a', { dropData: true })).toEqual({});
    await expect(deleteDetector(database.db, 'nobody', { dropData: true })).rejects.toMatchObject(missing);
  });

  it('refuses the batches of a scorer that has not noticed, of streams old and new', async () => {
    await fill('a');
    await deleteDetector(database.db, 'a', { dropData: true });
    await expect(commit('a', 6)).rejects.toMatchObject({ ...missing, retryable: false });
    await expect(commit('a', 0, 1)).rejects.toMatchObject(missing);
    expect(await rowsOf('a')).toMatchObject({ scored_events: 0, anomalies: 0, dead_letters: 0, stream_offsets: 0 });
  });

  it('is deleted only after the batch on its way is stored, and nothing of it is left', async () => {
    await fill('a');
    const other = await database.client();
    await other.query('BEGIN');
    await other.query(`SELECT 1 FROM flowline.stream_offsets WHERE detector = 'a' FOR UPDATE`);
    const committing = commit('a', 6);
    const deleting = deleteDetector(database.db, 'a', { dropData: true });
    await other.query('COMMIT');
    const [committed] = await Promise.allSettled([committing, deleting]);
    // Either order is fine: the batch is stored whole and then dropped, or it is refused.
    if (committed.status === 'rejected') expect(committed.reason).toMatchObject(missing);
    expect(await rowsOf('a')).toMatchObject({ scored_events: 0, anomalies: 0, dead_letters: 0, stream_offsets: 0 });
  });

  it('still keeps models from being changed or removed by accident', async () => {
    await fill('a');
    await expect(database.query('DELETE FROM flowline.model_versions')).rejects.toThrow('immutable');
    await expect(database.query(`UPDATE flowline.model_versions SET alpha = 0.5`)).rejects.toThrow('immutable');
  });
});
