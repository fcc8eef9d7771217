import { parseDetector, storedDefinition } from '@flowline/config';
import { applyDetector, applyResource, commitBatch } from '@flowline/db';
import { alertRulesOf } from '@flowline/operations';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { startTestApi, type TestApi, type TestRequest, type TestResponse } from '../support/api.ts';
import { documentedCall } from '../support/documented-call.ts';
import { type BatchOptions, scoredBatch } from '../support/postgres-batch.ts';
import { startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
import { applyTestDetector, testDetectorYaml } from '../support/scorer-model.ts';

let postgres: TestPostgres;
let database: TestDatabase;
let api: TestApi;
let token: string;
const yaml = testDetectorYaml('checkout', 'orders').replace('groupBy: [event]', 'groupBy: [feature]');
const definition = parseDetector(yaml, 'a test');

beforeAll(async () => {
  postgres = await startPostgres();
});
beforeEach(async () => {
  database = await postgres.createDatabase();
  api = await startTestApi(database.db);
  token = await api.token({ scope: 'read' });
});
afterEach(async () => {
  await api.close();
  await database.close();
});
afterAll(() => postgres.stop());

const call = (methodAndPath: string, request: TestRequest = {}): Promise<TestResponse> =>
  documentedCall(api, methodAndPath, { token, ...request });
const preview = async (body: string) =>
  (await call('POST /v1/detectors/checkout/preview', { body, headers: { 'content-type': 'application/yaml' } })).body;
/** Commits a batch in which anomalies alone have p ≤ 0.001. */
function commit(options: BatchOptions) {
  const batch = scoredBatch(options);
  const pValues = batch.pValues.map((p, row) => (options.anomalies?.includes(row) === true ? 1e-6 : p));
  return commitBatch(
    database.db,
    { ...batch, pValues },
    {
      ...{ alertTopic: 'orders.alerts', alertRules: alertRulesOf(definition.alerts), oncePerEvent: false },
    },
  );
}

describe('a preview', () => {
  it('says what the alerts of the last day would have been, without changing any', async () => {
    await applyTestDetector(database.db, definition);
    // Anomalies of one fingerprint, seconds apart: one alert.
    await commit({ size: 20, anomalies: [0, 2, 4, 6, 8, 10] });
    const same = await preview(yaml);
    expect(same).toMatchObject({ nextModel: [], unknown: null, isPartial: false, more: false });
    expect(same.range).toMatchObject({ events: 20 });
    expect(same.before).toMatchObject({ alpha: 0.001, anomalies: 6, suppressed: 0, alerts: 1, storms: 0, pages: 1 });
    expect(same.after).toEqual(same.before);
    const each = await preview(yaml.replace('groupBy: [feature]', 'groupBy: [event]'));
    expect([each.before, each.after]).toMatchObject([{ alerts: 1 }, { alerts: 6, pages: 6 }]);
    const many = await preview(yaml.replace('sendResolved', 'minEvents: { count: 7, within: 1m }, sendResolved'));
    expect(many.after).toMatchObject({ anomalies: 6, alerts: 0, pages: 0, messages: 0 });
    const storm = await preview(
      yaml
        .replace('groupBy: [feature]', 'groupBy: [event]')
        .replace('storm: { alerts: 100000 }', 'storm: { alerts: 2 }'),
    );
    expect(storm.after).toMatchObject({ alerts: 6, storms: 1 });
    const states = await database.query('SELECT count(*)::integer AS alerts FROM flowline.v1_alerts');
    expect(states).toEqual([{ alerts: 1 }]);
  });

  it('counts fewer anomalies exactly, and estimates more of them', async () => {
    await applyTestDetector(database.db, definition);
    // p = 1 / (row + 1): rows 499 to 599 lie between 0.0020 and 0.0017. Anomalies have 10⁻⁶.
    await commit({ size: 600, anomalies: [0, 2] });
    const fewer = await preview(yaml.replace('alpha: 0.001', 'alpha: 0.0000001'));
    expect([fewer.before, fewer.after]).toMatchObject([{ anomalies: 2 }, { anomalies: 0, alerts: 0 }]);
    const more = await preview(yaml.replace('alpha: 0.001', 'alpha: 0.0018'));
    expect(more).toMatchObject({ isPartial: true, before: { anomalies: 2 } });
    const { anomalies } = more.after as { readonly anomalies: number };
    // 45 events have p ≤ 0.0018 and none p ≤ 0.001; within a bit, p-values are taken as uniform.
    expect(anomalies).toBeGreaterThan(30);
    expect(anomalies).toBeLessThan(110);
  });

  it('applies bounds of the file, and rules in force', async () => {
    await applyTestDetector(database.db, definition);
    await commit({ size: 20, anomalies: [0, 2, 4] });
    await database.query(`UPDATE flowline.anomalies SET alert = replace(alert::text, 'latency_ms', 'latency')::jsonb`);
    const down = await preview(yaml.replace('sendResolved', 'direction: { latency: down }, sendResolved'));
    expect([down.before, down.after]).toMatchObject([
      { anomalies: 3, suppressed: 0, alerts: 1 },
      { anomalies: 3, suppressed: 3, alerts: 0 },
    ]);
    await applyResource(database.db, {
      ...{ kind: 'Rule', name: 'a', spec: { when: 'bits > 19.0', then: { suppress: true } } },
    });
    expect(await preview(yaml)).toMatchObject({ before: { anomalies: 3, suppressed: 3, alerts: 0 } });
  });

  it('names what needs a training, and says why it knows nothing', async () => {
    await applyDetector(database.db, storedDefinition(definition));
    expect(await preview(yaml)).toMatchObject({ unknown: 'there is no model yet', before: null, after: null });
    await applyTestDetector(database.db, definition);
    expect(await preview(yaml)).toMatchObject({ unknown: 'no event has been scored yet' });
    await commit({ size: 3 });
    const other = yaml.replace('type: real }\n', 'type: positive }\n').replace('alpha: 0.001', 'alpha: 0.0005');
    expect(await preview(other)).toMatchObject({ nextModel: ['spec.features'], after: { alpha: 0.0005 } });
    const fdr = yaml.replace('alpha: 0.001', 'fdr: 0.1');
    expect((await preview(fdr)).unknown).toMatch(/false discoveries/);
    const wrong = await call('POST /v1/detectors/checkout/preview', {
      ...{ body: yaml.replace('alpha: 0.001', 'alpha: 7'), headers: { 'content-type': 'application/yaml' } },
    });
    expect([wrong.status, wrong.body.code]).toEqual([422, 'FLOWLINE_CONFIG_INVALID']);
    expect((await call('POST /v1/detectors/payments/preview', { body: yaml })).status).toBe(422);
  });
});

describe('versions of a definition', () => {
  it('are listed page by page, and compared with any earlier one', async () => {
    for (const alpha of ['0.001', '0.002', '0.004'])
      await applyDetector(
        database.db,
        storedDefinition(parseDetector(yaml.replace('alpha: 0.001', `alpha: ${alpha}`), 'a test')),
      );
    const path = 'GET /v1/detectors/checkout/versions';
    const { body } = await call(`${path}?limit=2`);
    expect(body.items).toMatchObject([{ version: 3 }, { version: 2 }]);
    expect((await call(`${path}?limit=2&cursor=${body.next as string}`)).body).toMatchObject({
      ...{ items: [{ version: 1 }], next: null },
    });
    const changed = { path: 'spec.decision.control.alpha', to: 0.004 };
    expect((await call(`${path}/3/changes`)).body).toMatchObject({
      from: 2,
      to: 3,
      changes: [{ ...changed, from: 0.002 }],
    });
    expect((await call(`${path}/3/changes?from=1`)).body.changes).toEqual([{ ...changed, from: 0.001 }]);
    expect((await call(`${path}/1/changes`)).body.changes).toEqual([]);
    expect((await call(`${path}/9/changes`)).status).toBe(404);
    expect((await call('GET /v1/detectors/none/versions')).status).toBe(404);
  });
});
