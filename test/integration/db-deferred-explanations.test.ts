import {
  commitBatch,
  countDeferredExplanations,
  type DeferredAnomaly,
  explainDeferred,
  listAnomalies,
} from '@flowline/db';
import type { Explanation } from '@flowline/events';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
import { deferring } from '../support/postgres-batch.ts';

let postgres: TestPostgres;
let database: TestDatabase;

beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.stop());
beforeEach(async () => {
  database = await postgres.createDatabase();
});

const options = { alertTopic: 'flowline.alerts.v1' };

const explanation = ({ anomalyId }: DeferredAnomaly): Explanation => ({
  contributions: [{ feature: 'amount', bits: 12.5, direction: 'high' }],
  expected: { amount: { median: 2, p05: 1, p95: 3 } },
  nearestNormal: { amount: 3 },
  summary: `explained ${anomalyId}`,
});
const explainAll = (anomalies: readonly DeferredAnomaly[]) => Promise.resolve(anomalies.map(explanation));
const explainNext = async (limit: number, explain: typeof explainAll = explainAll) =>
  (await explainDeferred(database.db, 'checkout', limit, explain)).explained;
const messageIds = async () =>
  (await database.query('SELECT message_id AS id FROM flowline.alert_outbox ORDER BY outbox_id')).map(({ id }) => id);

describe('explanations that follow', () => {
  it('change the stored anomaly once, and tell of nothing else', async () => {
    await commitBatch(database.db, deferring(4, [1, 3]), options);
    const sent = await messageIds();
    expect(sent).toHaveLength(4);
    const before = (await listAnomalies(database.db)).items;
    expect(before.map((each) => [each.offset, each.explanationFollows, each.topFeature])).toEqual([
      [3, true, null],
      [2, false, 'latency_ms'],
      [1, true, null],
      [0, false, 'latency_ms'],
    ]);
    expect(await countDeferredExplanations(database.db, 'checkout')).toBe(2);
    expect((await explainDeferred(database.db, 'elsewhere', 10, explainAll)).explained).toBe(0);

    const claimed: DeferredAnomaly[] = [];
    const noting = (anomalies: readonly DeferredAnomaly[]) => (claimed.push(...anomalies), explainAll(anomalies));
    expect(await explainNext(1, noting)).toBe(1);
    expect(await explainNext(10, noting)).toBe(1);
    expect(await explainNext(10, noting)).toBe(0);
    expect(claimed).toMatchObject([
      { modelVersion: 1, pMethod: 'empirical', observed: { latency_ms: 9120, amount: null } },
      { modelVersion: 1, observed: { latency_ms: 9120 } },
    ]);
    const after = (await listAnomalies(database.db)).items;
    expect(after.map((each) => [each.offset, each.explanationFollows, each.topFeature])).toEqual([
      [3, false, 'amount'],
      [2, false, 'latency_ms'],
      [1, false, 'amount'],
      [0, false, 'latency_ms'],
    ]);
    const [last] = after;
    expect(last).toMatchObject({
      summary: `explained ${last?.anomalyId}`,
      contributions: [{ feature: 'amount', bits: 12.5, direction: 'high' }],
      expected: { amount: { median: 2 } },
      nearestNormal: { amount: 3 },
    });
    // Score, identity and the observed values stay.
    const fixed = (each: (typeof after)[number]) => [each.alertId, each.pValue, each.logDensityNats, each.observed];
    expect(after.map(fixed)).toEqual(before.map(fixed));
    expect(await messageIds()).toEqual(sent);
  });

  it('are not written twice by scorers that explain at once, nor by a batch that is repeated', async () => {
    const batch = deferring(6, [0, 1, 2, 3, 4, 5]);
    await commitBatch(database.db, batch, options);
    const times = new Map<number, number>();
    const slowly = async (anomalies: readonly DeferredAnomaly[]) => {
      for (const { anomalyId } of anomalies) times.set(anomalyId, (times.get(anomalyId) ?? 0) + 1);
      await commitBatch(database.db, batch, options);
      return explainAll(anomalies);
    };
    const counts = await Promise.all([1, 2, 3].map(() => explainNext(2, slowly)));
    expect(counts).toEqual([2, 2, 2]);
    expect([...times.values()]).toEqual([1, 1, 1, 1, 1, 1]);
    expect(await countDeferredExplanations(database.db, 'checkout')).toBe(0);
    expect(await messageIds()).toHaveLength(6);
  });

  it('wait on where explaining fails, and are found by their index', async () => {
    await commitBatch(database.db, deferring(3, [0, 1]), options);
    const failing = () => Promise.reject(new Error('no model'));
    await expect(explainNext(5, failing)).rejects.toThrow('no model');
    expect(await countDeferredExplanations(database.db, 'checkout')).toBe(2);
    await database.query('SET enable_seqscan = off');
    const plan = await database.query(
      `EXPLAIN SELECT * FROM flowline.anomalies WHERE detector = 'checkout' AND deferred ORDER BY anomaly_id LIMIT 8`,
    );
    expect(JSON.stringify(plan)).toContain('anomalies_deferred');
  });

  it('are in ASCII, or say why there are none, where Postgres refuses their text, and hold up no others', async () => {
    database = await postgres.createDatabase({ encoding: 'LATIN1' });
    await commitBatch(database.db, deferring(3, [0, 1, 2]), options);
    const odd = (anomalies: readonly DeferredAnomaly[]) =>
      Promise.resolve(anomalies.map((anomaly) => ({ ...explanation(anomaly), summary: '12 bits − high…' })));
    expect(await explainNext(2, odd)).toBe(2);
    await database.query(
      `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN RAISE EXCEPTION 'no room' USING ERRCODE = '22003'; END $$;
       CREATE TRIGGER refuse BEFORE UPDATE ON flowline.anomalies FOR EACH ROW
         WHEN (NEW.top_feature IS NOT NULL) EXECUTE FUNCTION refuse()`,
    );
    expect(await explainNext(2, odd)).toBe(1);
    const summaries = (await listAnomalies(database.db)).items.map(({ summary }) => summary);
    expect(summaries.filter((summary) => summary === '12 bits - high...')).toHaveLength(2);
    expect(summaries.filter((summary) => summary.includes('not explained: no room'))).toHaveLength(1);
    expect(await countDeferredExplanations(database.db, 'checkout')).toBe(0);
  });
});
