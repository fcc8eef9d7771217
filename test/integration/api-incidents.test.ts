import { storedDefinition } from '@flowline/config';
import { applyDetector, commitBatch } from '@flowline/db';
import { alertRulesOf } from '@flowline/operations';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { startTestApi, type TestApi, type TestRequest, type TestResponse } from '../support/api.ts';
import { documentedCall } from '../support/documented-call.ts';
import { scoredBatch } from '../support/postgres-batch.ts';
import { startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
import { testDefinition } from '../support/scorer-model.ts';

interface Incident {
  readonly incidentId: string;
  readonly entity: string | null;
  readonly entities: number;
  readonly detectors: readonly string[];
  readonly alerts: number;
  readonly open: number;
  readonly unseen: number;
  readonly severity: string;
  readonly severities: Readonly<Record<string, number>>;
  readonly features: readonly unknown[];
  readonly firstSeen: string;
  readonly lastSeen: string;
  readonly worst: { readonly alertId: string };
}

/** Alert of a test: its times in minutes. */
interface Given {
  readonly detector?: string;
  readonly entity?: string | null;
  readonly feature?: string;
  readonly severity?: string;
  readonly from: number;
  readonly to: number;
}

let postgres: TestPostgres;
let database: TestDatabase;
let api: TestApi;
let token: string;
const definition = testDefinition('checkout', 'orders');

beforeAll(async () => {
  postgres = await startPostgres();
});
beforeEach(async () => {
  database = await postgres.createDatabase();
  await applyDetector(database.db, storedDefinition(definition));
  api = await startTestApi(database.db);
  token = await api.token({ name: 'ann' });
});
afterEach(async () => {
  await api.close();
  await database.close();
});
afterAll(() => postgres.stop());

const call = (methodAndPath: string, request: TestRequest = {}): Promise<TestResponse> =>
  documentedCall(api, methodAndPath, { token, ...request });
const act = (body: object): Promise<TestResponse> => call('POST /v1/alerts/actions', { body });
const incidents = async (query = ''): Promise<readonly Incident[]> =>
  (await call(`GET /v1/incidents${query}`)).body.items as readonly Incident[];

const at = (minutes: number): string => new Date(Date.UTC(2026, 0, 1) + minutes * 60_000).toISOString();

/** Stores open alerts as they are after a batch, each of a fingerprint of its own. */
async function store(alerts: readonly Given[]): Promise<void> {
  const rows = alerts.map(
    ({ detector = 'checkout', entity = null, feature = 'latency_ms', severity = 'major', ...time }) => ({
      ...{ detector, entity, feature, severity, first: at(time.from), last: at(time.to) },
    }),
  );
  await database.query(`
    INSERT INTO flowline.alerts (alert_id, fingerprint, is_latest, detector, topic, partition, kind, entity, feature,
      phase, severity, count, first_seen, last_seen, due_at, peak_bits, recent, told, messages)
    SELECT gen_random_uuid(), gen_random_uuid(), true, detector, 'orders', 0, 'density', entity, feature, 'open',
      severity, 2, first, last, last + interval '1 hour', 17, '{}', 'open', 0
    FROM jsonb_to_recordset('${JSON.stringify(rows)}') AS row (detector text, entity text, feature text, severity text,
      first timestamptz, last timestamptz)`);
}

describe('incidents', () => {
  it('are alerts of one detector that overlap, or are at most five minutes apart', async () => {
    await store([
      { from: 0, to: 10, severity: 'critical', feature: 'items' },
      { from: 2, to: 30, entity: 'a' },
      { from: 5, to: 6, entity: 'b' },
      // Five minutes after the one that reached the farthest, and a second more after this.
      { from: 35, to: 36, entity: 'b' },
      { from: 41 + 1 / 60, to: 50 },
      { from: 20, to: 21, detector: 'payments' },
    ]);
    const found = await incidents();
    expect(found.map(({ detectors, alerts, firstSeen, lastSeen }) => [detectors, alerts, firstSeen, lastSeen])).toEqual(
      [
        [['checkout'], 1, at(41 + 1 / 60), at(50)],
        [['checkout'], 4, at(0), at(36)],
        [['payments'], 1, at(20), at(21)],
      ],
    );
    expect(found[1]).toMatchObject({
      ...{ entity: null, entities: 2, open: 4, unseen: 4, anomalies: 8, severity: 'critical' },
      severities: { critical: 1, major: 3 },
      features: [
        { feature: 'latency_ms', alerts: 3 },
        { feature: 'items', alerts: 1 },
      ],
      worst: { severity: 'critical', feature: 'items' },
    });
  });

  it('are of one entity across detectors, and by detector without one', async () => {
    await store([
      { from: 0, to: 10, entity: 'a' },
      { from: 5, to: 12, entity: 'a', detector: 'payments' },
      { from: 1, to: 13, entity: 'b' },
      { from: 2, to: 14 },
    ]);
    const found = await incidents('?by=entity');
    expect(found.map(({ entity, detectors, alerts }) => [entity, detectors, alerts])).toEqual([
      [null, ['checkout'], 1],
      ['b', ['checkout'], 1],
      ['a', ['checkout', 'payments'], 2],
    ]);
  });

  it('hold the alerts that the filter of their times lists', async () => {
    await store(
      Array.from({ length: 60 }, (_, i) => ({ from: i * 4 + (i > 30 ? 60 : 0), to: i * 4 + (i > 30 ? 61 : 1) })),
    );
    const found = await incidents();
    expect(found.map(({ alerts }) => alerts)).toEqual([29, 31]);
    for (const { firstSeen, lastSeen, alerts } of found) {
      const to = new Date(Date.parse(lastSeen) + 1).toISOString();
      const { body } = await call(`GET /v1/alerts?detector=checkout&from=${firstSeen}&to=${to}&limit=100`);
      expect(body.items).toHaveLength(alerts);
    }
  });

  it('are of the alerts that match, and complete page by page', async () => {
    await store(
      Array.from({ length: 9 }, (_, i) => ({ from: i * 60, to: i * 60 + 1, severity: i % 2 ? 'major' : 'info' })),
    );
    expect(await incidents('?severity=major')).toHaveLength(4);
    const ids: string[] = [];
    for (let cursor = ''; ;) {
      const { body } = await call(`GET /v1/incidents?limit=2${cursor}`);
      ids.push(...(body.items as readonly Incident[]).map(({ incidentId }) => incidentId));
      if (typeof body.next !== 'string') break;
      cursor = `&cursor=${body.next}`;
    }
    expect([ids.length, new Set(ids).size]).toEqual([9, 9]);
  });

  it('of 10,000 open alerts are read at once', async () => {
    await store(
      Array.from({ length: 10_000 }, (_, i) => ({ from: (i % 50) * 60, to: (i % 50) * 60 + 30, entity: `e${i}` })),
    );
    const startMs = performance.now();
    const found = await incidents();
    expect(performance.now() - startMs).toBeLessThan(5_000);
    expect([found.length, found[0]?.alerts, found[0]?.entities]).toEqual([50, 200, 200]);
  });

  it('show nothing of a detector that a token is not for', async () => {
    await store([
      { from: 0, to: 1 },
      { from: 0, to: 1, detector: 'payments' },
    ]);
    const some = await api.token({ detectors: ['payments'] });
    const { body } = await call('GET /v1/incidents', { token: some });
    expect(body.items).toMatchObject([{ detectors: ['payments'], alerts: 1 }]);
  });
});

describe('actions on several alerts', () => {
  const rows = (columns: string) => database.query(`SELECT ${columns} FROM flowline.v1_alerts ORDER BY first_seen`);

  it('acknowledge those that meet conditions, and keep the first name', async () => {
    await store([
      { from: 0, to: 1, entity: 'a' },
      { from: 100, to: 101 },
      { from: 200, to: 201, severity: 'info' },
    ]);
    const bob = await api.token({ name: 'bob', scope: 'operate' });
    const where = { severity: 'major', from: at(50) };
    expect((await call('POST /v1/alerts/actions', { token: bob, body: { action: 'ack', where } })).body).toEqual({
      ...{ changed: 1, more: false },
    });
    expect((await act({ action: 'ack', where: { state: 'open' } })).body.changed).toBe(2);
    expect(await rows('acknowledged_by AS by')).toEqual([{ by: 'ann' }, { by: 'bob' }, { by: 'ann' }]);
    expect((await act({ action: 'ack', where: {} })).body.changed).toBe(0);
  });

  it('snooze those that are named, and end that', async () => {
    await store([
      { from: 0, to: 1 },
      { from: 100, to: 101 },
    ]);
    const ids = (await rows('alert_id::text AS id')).map(({ id }) => String(id));
    const until = new Date(Date.now() + 3_600_000).toISOString();
    expect((await act({ action: 'snooze', until, alertIds: [ids[1]?.toUpperCase()] })).body.changed).toBe(1);
    expect(await rows('snoozed_until IS NOT NULL AS is')).toEqual([{ is: false }, { is: true }]);
    expect((await act({ action: 'snooze', until: null, alertIds: ids })).body.changed).toBe(1);
    expect(await rows('snoozed_until IS NOT NULL AS is')).toEqual([{ is: false }, { is: false }]);
  });

  it('resolve, and tell the sinks of each', async () => {
    const told = { ...definition, alerts: { ...definition.alerts, sendResolved: true } };
    await applyDetector(database.db, storedDefinition(told));
    const rules = { ...alertRulesOf(told.alerts), groupBy: ['event' as const] };
    const options = { alertTopic: 'orders.alerts', alertRules: rules, oncePerEvent: false };
    for (const partition of [0, 1]) {
      await commitBatch(database.db, scoredBatch({ fromOffset: 0, size: 4, anomalies: [0, 2], partition }), options);
    }
    await database.query('DELETE FROM flowline.alert_outbox');
    expect((await act({ action: 'resolve', where: { detector: 'checkout' } })).body).toEqual({
      changed: 4,
      more: false,
    });
    expect(await rows('state')).toEqual(Array.from({ length: 4 }, () => ({ state: 'resolved' })));
    const sent = await database.query('SELECT value FROM flowline.alert_outbox');
    expect(sent.map(({ value }) => (JSON.parse(String(value)) as { state: string }).state)).toEqual(
      Array.from({ length: 4 }, () => 'resolved'),
    );
    expect((await act({ action: 'resolve', where: {} })).body.changed).toBe(0);
  });

  it('change at most 1,000, and the others when they are sent again', async () => {
    await store(Array.from({ length: 1_200 }, (_, i) => ({ from: i, to: i, entity: `e${i}` })));
    const again = () => act({ action: 'resolve', where: { state: 'open' } });
    expect((await again()).body).toEqual({ changed: 1_000, more: true });
    expect((await again()).body).toEqual({ changed: 200, more: false });
  });

  it('refuse what is unclear, unknown, or of another detector', async () => {
    await store([{ from: 0, to: 1 }]);
    const [row] = await rows('alert_id::text AS id');
    for (const body of [
      { action: 'ack' },
      { action: 'ack', where: {}, alertIds: [row?.id] },
      { action: 'snooze', where: {} },
      { action: 'ack', until: null, where: {} },
      { action: 'snooze', until: '2020-01-01T00:00:00Z', where: {} },
    ]) {
      expect([body, (await act(body)).status]).toEqual([body, 400]);
    }
    const unknown = { action: 'ack', alertIds: ['00000000-0000-4000-8000-000000000000'] };
    expect((await act(unknown)).status).toBe(404);
    const some = await api.token({ scope: 'operate', detectors: ['payments'] });
    const theirs = (body: object) => call('POST /v1/alerts/actions', { token: some, body });
    expect((await theirs({ action: 'ack', alertIds: [row?.id] })).status).toBe(404);
    expect((await theirs({ action: 'ack', where: { detector: 'checkout' } })).status).toBe(403);
    expect((await theirs({ action: 'ack', where: {} })).body.changed).toBe(0);
    expect(await rows('acknowledged_at')).toEqual([{ acknowledged_at: null }]);
  });
});
