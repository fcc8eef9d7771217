import { parseDetector } from '@flowline/config';
import {
  anomalyMissing,
  applyDetector,
  commitBatch,
  deleteDetector,
  giveFeedback,
  listAnomalies,
  listFeedback,
  type Verdict,
} from '@flowline/db';
import { at } from '@flowline/events';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { readTrainingHistory } from '../../services/trainer/src/training-history.ts';
import { startTestApi } from '../support/api.ts';
import { type BatchOptions, scoredBatch } from '../support/postgres-batch.ts';
import { startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';

let postgres: TestPostgres;
let database: TestDatabase;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.stop());
beforeEach(async () => {
  database = await postgres.createDatabase();
});

const alertRules = {
  ...{ groupBy: ['feature' as const], sendResolved: true, minEvents: { count: 1, withinMs: 1_000 } },
  ...{ cooldownMs: 1, resolveAfterMs: 60_000, mergeGapMs: 30_000 },
  severityBits: { warning: 13.3, major: 16.6, critical: 19.9 },
  storm: { alerts: 1_000, windowMs: 1_000 },
};

/** Stores events, some of them anomalies, and returns the ids of these, oldest first. */
async function commit(options: BatchOptions = {}, excluded = false): Promise<number[]> {
  const batch = scoredBatch({ size: 6, anomalies: [1, 3, 4], ...options });
  const verdict = { rules: ['r'], suppressedBy: null, severityAtMost: null, excludedFromTraining: true };
  const anomalies = excluded ? batch.anomalies.map((anomaly) => ({ ...anomaly, verdict })) : batch.anomalies;
  await commitBatch(database.db, { ...batch, anomalies }, { alertTopic: 'alerts', alertRules });
  const { items } = await listAnomalies(database.db, { detector: batch.detector });
  return items.map(({ anomalyId }) => anomalyId).sort((a, b) => a - b);
}
const alertOf = async (anomalyId: number): Promise<string> => {
  const [row] = await database.query('SELECT alert_id FROM flowline.anomalies WHERE anomaly_id = $1', [anomalyId]);
  return String(row?.alert_id);
};
const give = (anomalyId: number, verdict: Verdict) => giveFeedback(database.db, { anomalyId }, { verdict });
const signal = new AbortController().signal;

const definitionOf = (history: string, features: string, eventId = '') =>
  parseDetector(
    `
apiVersion: flowline/v1
kind: Detector
metadata: { name: checkout }
spec:
  source: { kafka: { topic: orders }, time: { field: ts, unit: ms }${eventId}, key: [shop] }
  history: ${history}
  features: ${features}
  training: { data: clean }
  decision: { control: { alpha: 0.001 } }
`,
    'checkout.yaml',
  );

describe('feedback', () => {
  it('keeps every answer, and counts the latest about each anomaly and alert', async () => {
    const [first = 0, second = 0] = await commit();
    const given = await giveFeedback(
      database.db,
      { anomalyId: first },
      { verdict: 'expected', note: 'nightly job', by: 'ana' },
    );
    expect(given).toMatchObject({
      detector: 'checkout',
      anomalyId: first,
      alertId: null,
      by: 'ana',
      note: 'nightly job',
    });
    expect(given).toMatchObject({ feature: 'latency_ms', direction: 'high', surpriseBits: 19.9, counts: true });
    await give(first, 'confirmed');
    await give(second, 'false_alarm');
    const alertId = await alertOf(first);
    expect(await giveFeedback(database.db, { alertId }, { verdict: 'new_normal' })).toMatchObject({
      ...{ anomalyId: null, alertId, feature: 'latency_ms', direction: 'high' },
    });
    const all = await listFeedback(database.db);
    expect(all.map(({ verdict, counts }) => [verdict, counts])).toEqual([
      ['new_normal', true],
      ['false_alarm', true],
      ['confirmed', true],
      ['expected', false],
    ]);
    expect(await listFeedback(database.db, { anomalyId: first, counts: true })).toMatchObject([
      { verdict: 'confirmed' },
    ]);
    expect(await listFeedback(database.db, { before: all[2]?.feedbackId ?? 0 })).toHaveLength(1);
  });

  it('names the anomaly or alert that there is not', async () => {
    await expect(give(7, 'confirmed')).rejects.toMatchObject({
      code: 'FLOWLINE_NOT_FOUND',
      message: anomalyMissing(7).message,
    });
    const alertId = '00000000-0000-4000-8000-000000000000';
    await expect(giveFeedback(database.db, { alertId }, { verdict: 'expected' })).rejects.toMatchObject({
      code: 'FLOWLINE_NOT_FOUND',
    });
  });

  it('measures precision by detector, feature and week', async () => {
    const [first = 0, second = 0, third = 0] = await commit();
    await give(first, 'confirmed');
    await give(second, 'expected');
    await give(third, 'confirmed');
    await give(third, 'false_alarm');
    expect(
      await database.query(
        `SELECT detector, feature, week::text, answered::integer, confirmed::integer, precision FROM flowline.v1_feedback_precision`,
      ),
    ).toEqual([
      { detector: 'checkout', feature: 'latency_ms', week: '2025-12-29', answered: 3, confirmed: 1, precision: 1 / 3 },
    ]);
  });

  it('gives the same result for answers at the same time, whichever is stored last', async () => {
    const [id = 0] = await commit();
    await Promise.all(Array.from({ length: 20 }, (_, i) => give(id, i % 2 === 0 ? 'confirmed' : 'expected')));
    const [latest] = await listFeedback(database.db, { counts: true });
    const excluded = await database.query('SELECT 1 FROM flowline.excluded_events');
    expect(excluded).toHaveLength(latest?.verdict === 'confirmed' ? 1 : 0);
  });

  it('is deleted with the data of its detector', async () => {
    await applyDetector(database.db, { name: 'checkout' });
    const [id = 0] = await commit();
    await give(id, 'confirmed');
    expect(await deleteDetector(database.db, 'checkout', { dropData: true })).toMatchObject({
      ...{ feedback: 1, confirmed_events: 1 },
    });
  });
});

describe('a history of stored events', () => {
  const definition = definitionOf(
    '{ from: scored_events }',
    '[{ name: a, type: real }, { name: b, type: real }, { name: c, type: categorical }]',
  );
  const times = async () => {
    const { timesMs } = await readTrainingHistory(database.db, definition, signal);
    return [...timesMs].map((time) => (time - Date.UTC(2026, 0, 1)) / 1_000);
  };
  beforeEach(async () => {
    await applyDetector(database.db, definition);
  });

  it('leaves out what is confirmed, until another answer is given', async () => {
    const [first = 0, second = 0] = await commit();
    expect(await times()).toEqual([0, 1, 2, 3, 4, 5]);
    await give(first, 'confirmed');
    await give(second, 'expected');
    expect(await times()).toEqual([0, 2, 3, 4, 5]);
    await give(first, 'false_alarm');
    expect(await times()).toEqual([0, 1, 2, 3, 4, 5]);
    await giveFeedback(database.db, { alertId: await alertOf(first) }, { verdict: 'confirmed' });
    expect(await times()).toEqual([0, 2, 5]);
    await give(second, 'expected');
    expect(await times()).toEqual([0, 2, 3, 5]);
    await give(first, 'confirmed');
    await giveFeedback(database.db, { alertId: await alertOf(first) }, { verdict: 'new_normal' });
    expect(await times()).toEqual([0, 2, 3, 4, 5]);
  });

  it('leaves out what a rule excludes whatever people say, and what is confirmed after its anomaly has expired', async () => {
    const [first = 0] = await commit({}, true);
    await give(first, 'expected');
    expect(await times()).toEqual([0, 2, 5]);
    await give(first, 'confirmed');
    await database.query('DELETE FROM flowline.anomalies');
    expect(await times()).toEqual([0, 2, 3, 4, 5]);
  });
});

describe('a queried history', () => {
  const features = {
    plain: '[{ name: latency, type: real }]',
    windowed: '[{ name: latency, type: real }, { name: before, type: real, from: { lag: { of: latency } } }]',
  };
  const definition = (kind: keyof typeof features, query = 'SELECT * FROM past', eventId = ', eventId: id') =>
    definitionOf(`{ query: "${query}", timeColumn: ts }`, features[kind], eventId);
  beforeEach(async () => {
    await database.query(
      `CREATE TABLE past AS SELECT 'event-' || i AS id, '2026-01-01'::timestamptz + i * interval '1 s' AS ts,
         i::float8 AS latency, 'berlin' AS shop FROM generate_series(0, 99) AS i`,
    );
  });
  const read = (of: ReturnType<typeof definition>) => readTrainingHistory(database.db, of, signal);

  it.each(['plain', 'windowed'] as const)('leaves out and counts events by their id: %s features', async (kind) => {
    const [first = 0, second = 0] = await commit();
    const before = await read(definition(kind));
    expect(before).toMatchObject({ excluded: 0, rowsRead: 100, warnings: [] });
    await give(first, 'confirmed');
    await give(second, 'expected');
    const after = await read(definition(kind));
    expect(after).toMatchObject({ excluded: 1, rowsRead: 100, rejected: before.rejected, warnings: [] });
    const without = (times: Float64Array) => [...times].filter((time) => time !== Date.UTC(2026, 0, 1, 0, 0, 1));
    expect([...after.timesMs]).toEqual(without(before.timesMs));
    const rowsOf = ({ table }: typeof after) => {
      const { numeric, numericWidth } = table.rows(0, table.size);
      return Array.from({ length: table.size }, (_, i) => [
        ...numeric.subarray(i * numericWidth, (i + 1) * numericWidth),
      ]);
    };
    // The next event of the entity has the same past as it had in the stream.
    expect(rowsOf(after)).toEqual(rowsOf(before).filter((row) => at(row, 0) !== 1));
  });

  it('leaves out what rules exclude', async () => {
    await commit({}, true);
    expect(await read(definition('plain'))).toMatchObject({ excluded: 3 });
  });

  it('says once that it cannot tell which rows they are', async () => {
    const [first = 0] = await commit();
    await give(first, 'confirmed');
    const without = await read(definition('plain', 'SELECT ts, latency, shop FROM past'));
    expect(without).toMatchObject({
      excluded: 0,
      warnings: [expect.stringContaining('does not return the column id')],
    });
    const undeclared = await read(definition('plain', 'SELECT * FROM past', ''));
    expect(undeclared).toMatchObject({ excluded: 0, warnings: [expect.stringContaining('no source.eventId')] });
  });

  it('reads ids that are numbers as events have them', async () => {
    await database.query(`CREATE TABLE numbered AS SELECT i AS id, ts, latency, shop
      FROM past, generate_series(9007199254740993, 9007199254740993) AS i LIMIT 1`);
    const [id = 0] = await commit({ size: 1, anomalies: [0], eventIds: ['9007199254740993'] });
    await give(id, 'confirmed');
    expect(await read(definition('plain', 'SELECT * FROM numbered'))).toMatchObject({ excluded: 1 });
  });
});

describe('feedback over the API', () => {
  it('is given with the name of the token, and listed in pages', async () => {
    await applyDetector(database.db, { name: 'checkout' });
    const api = await startTestApi(database.db);
    try {
      const [first = 0] = await commit();
      const token = await api.token({ name: 'on-call', scope: 'operate' });
      const path = `/v1/anomalies/${first}/feedback`;
      const given = await api.call(`POST ${path}`, { token, body: { verdict: 'confirmed', note: 'disk full' } });
      expect(given).toMatchObject({ status: 201, body: { verdict: 'confirmed', by: 'on-call', counts: true } });
      await api.call(`POST ${path}`, { token, body: { verdict: 'expected' } });
      const { body: page } = await api.call(`GET ${path}?limit=1`, { token });
      expect(page).toMatchObject({ items: [{ verdict: 'expected', counts: true }], next: expect.any(String) });
      const rest = await api.call(`GET ${path}?limit=5&cursor=${String(page.next)}`, { token });
      expect(rest.body).toMatchObject({ items: [{ verdict: 'confirmed', counts: false }], next: null });
      const alert = `/v1/alerts/${await alertOf(first)}/feedback`;
      expect((await api.call(`POST ${alert}`, { token, body: { verdict: 'new_normal' } })).status).toBe(201);
      expect((await api.call(`GET ${alert}`, { token })).body).toMatchObject({ items: [{ verdict: 'new_normal' }] });
      const wrong = await api.call(`POST ${path}`, { token, body: { verdict: 'fine' } });
      expect([wrong.status, wrong.body.code]).toEqual([400, 'FLOWLINE_REQUEST_INVALID']);
      const other = await api.token({ scope: 'operate', detectors: ['search'] });
      expect((await api.call(`POST ${path}`, { token: other, body: { verdict: 'expected' } })).status).toBe(404);
    } finally {
      await api.close();
    }
  });
});
