import { storedDefinition } from '@flowline/config';
import { applyDetector, commitBatch } from '@flowline/db';
import { alertRulesOf } from '@flowline/operations';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { startTestApi, type TestApi, type TestRequest, type TestResponse } from '../support/api.ts';
import { documentedCall } from '../support/documented-call.ts';
import { type BatchOptions, scoredBatch } from '../support/postgres-batch.ts';
import { startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
import { applyTestDetector, oddEvent, testDefinition, testDetectorYaml, testEvents } from '../support/scorer-model.ts';

type Items = readonly Readonly<Record<string, never>>[];

let postgres: TestPostgres;
let database: TestDatabase;
let api: TestApi;
let token: string;
const definition = testDefinition('checkout', 'orders');
const rules = { ...alertRulesOf(definition.alerts), groupBy: ['feature' as const], sendResolved: true };

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

/** Sends a request and checks that its response is as documented. */
const call = (methodAndPath: string, request: TestRequest = {}): Promise<TestResponse> =>
  documentedCall(api, methodAndPath, { token, ...request });

/** Commits a batch whose anomalies become alerts. */
const commit = (options: BatchOptions) =>
  commitBatch(database.db, scoredBatch({ fromOffset: options.first ?? 0, ...options }), {
    alertTopic: 'orders.alerts',
    alertRules: rules,
    oncePerEvent: false,
  });

/** All items of a list, page by page; `between` runs before each further page. */
async function pages(path: string, between: () => Promise<unknown> = () => Promise.resolve()): Promise<Items> {
  const items: Readonly<Record<string, never>>[] = [];
  for (let cursor: unknown = null, page = 0; page < 50; page++) {
    const { body } = await call(`GET ${path}${typeof cursor === 'string' ? `&cursor=${cursor}` : ''}`);
    items.push(...(body.items as Items));
    cursor = body.next;
    if (cursor === null) break;
    await between();
  }
  return items;
}

const codeOf = ({ status, body }: TestResponse) => [status, body.code];

describe('lists', () => {
  it('are complete and without repeats while rows arrive', async () => {
    await commit({ size: 30, anomalies: Array.from({ length: 30 }, (_, row) => row) });
    let first = 30;
    const arrive = () => commit({ first: first++, size: 1, anomalies: [0] });
    const found = await pages('/v1/anomalies?limit=7', arrive);
    const offsets = found.map(({ offset }) => Number(offset));
    expect(offsets).toEqual(Array.from({ length: 30 }, (_, i) => 29 - i));
  });

  it('do not skip events of one millisecond', async () => {
    await commit({ size: 9, anomalies: [0, 1, 2, 3, 4, 5, 6, 7, 8] });
    await database.query(
      `UPDATE flowline.anomalies SET event_time = '2026-01-01T00:00:00Z'::timestamptz + anomaly_id * interval '1 microsecond'`,
    );
    const ids = (await pages('/v1/anomalies?limit=2')).map(({ anomalyId }) => anomalyId);
    expect(new Set(ids).size).toBe(9);
  });

  it('of scores are complete, whatever their times', async () => {
    await commit({ size: 20 });
    await commit({ size: 20, partition: 1 });
    const range = 'from=2025-12-31T00:00:00Z&to=2026-01-02T00:00:00Z&limit=7';
    const found = await pages(`/v1/detectors/checkout/scores?${range}`);
    expect(new Set(found.map(({ partition, offset }) => `${String(partition)} ${String(offset)}`)).size).toBe(40);
    expect(found).toHaveLength(40);
  });

  it('filter', async () => {
    await commit({
      size: 6,
      anomalies: [1, 3],
      entities: { scope: 'checkout', names: ['a', 'b', 'c', "d'", 'e', 'f'] } as never,
    });
    const entities = async (filter: string) => (await pages(`/v1/anomalies?${filter}`)).map(({ entity }) => entity);
    expect(await entities("entity=d'")).toEqual(["d'"]);
    expect(await entities('feature=latency_ms&detector=checkout')).toEqual(["d'", 'b']);
    expect(await entities('from=2026-01-01T00:00:02Z&order=surprise')).toEqual(["d'"]);
    expect(await entities(`entity=${encodeURIComponent("' OR 1=1 --")}`)).toEqual([]);
  });
});

describe('alerts', () => {
  const open = async (): Promise<string> => {
    await commit({ size: 3, anomalies: [0, 2] });
    const { body } = await call('GET /v1/alerts?state=open&severity=critical');
    return String((body.items as Items)[0]?.alertId);
  };
  const states = async () =>
    (await database.query('SELECT value FROM flowline.alert_outbox ORDER BY outbox_id')).map(
      ({ value }) => (JSON.parse(String(value)) as { state: string }).state,
    );

  it('show their anomalies', async () => {
    const { body } = await call(`GET /v1/alerts/${await open()}`);
    expect(body).toMatchObject({ count: 2, anomalies: { items: [{ offset: 2 }, { offset: 0 }], next: null } });
  });

  it('are acknowledged by the first who does', async () => {
    const id = await open();
    await call(`POST /v1/alerts/${id}/ack`);
    const other = await api.token({ name: 'bob', scope: 'operate' });
    expect((await call(`POST /v1/alerts/${id}/ack`, { token: other })).body).toMatchObject({ acknowledgedBy: 'ann' });
    expect((await call('GET /v1/alerts?acknowledged=false')).body.items).toEqual([]);
  });

  it('tell nothing while they are snoozed', async () => {
    const id = await open();
    const until = new Date(Date.now() + 60_000).toISOString();
    expect((await call(`POST /v1/alerts/${id}/snooze`, { body: { until } })).body.snoozedUntil).toBe(until);
    await commit({ first: 3, size: 20, anomalies: Array.from({ length: 20 }, (_, row) => row) });
    expect(await states()).toEqual(['opened']);
    expect((await call(`POST /v1/alerts/${id}/snooze`, { body: { until: null } })).body.snoozedUntil).toBeNull();
    expect(codeOf(await call(`POST /v1/alerts/${id}/snooze`, { body: { until: '2020-01-01T00:00:00Z' } }))).toEqual([
      400,
      'FLOWLINE_REQUEST_INVALID',
    ]);
  });

  it('are resolved by hand, once, and tell their topic', async () => {
    await applyDetector(
      database.db,
      storedDefinition({ ...definition, alerts: { ...definition.alerts, sendResolved: true } }),
    );
    const id = await open();
    const answers = await Promise.all([1, 2, 3].map(() => call(`POST /v1/alerts/${id}/resolve`)));
    expect(answers.map(({ body }) => body.state)).toEqual(['resolved', 'resolved', 'resolved']);
    expect(await states()).toEqual(['opened', 'resolved']);
    expect(await database.query('SELECT DISTINCT sink, topic FROM flowline.alert_outbox')).toEqual([
      { sink: 'kafka', topic: 'orders.alerts' },
    ]);
    await commit({ first: 3, size: 1, anomalies: [0] });
    expect((await call('GET /v1/alerts')).body.items).toMatchObject([{ alertId: id, state: 'open', count: 3 }]);
  });
});

describe('detectors', () => {
  const yaml = testDetectorYaml('checkout', 'orders').replace('alpha: 0.001', 'alpha: 0.01');
  const put = (headers: Record<string, string>, body = yaml) =>
    call('PUT /v1/detectors/checkout', { body, headers: { 'content-type': 'application/yaml', ...headers } });

  it('are replaced only as they were read', async () => {
    const etag = (await call('GET /v1/detectors/checkout')).headers.get('etag') ?? '';
    expect(codeOf(await put({ 'if-none-match': '*' }))).toEqual([412, 'FLOWLINE_PRECONDITION_FAILED']);
    const done = await put({ 'if-match': etag });
    expect([done.status, done.body.version, done.headers.get('etag')]).toEqual([200, 2, '"2"']);
    expect(codeOf(await put({ 'if-match': etag }))).toEqual([412, 'FLOWLINE_PRECONDITION_FAILED']);
    expect(codeOf(await put({ 'if-match': 'W/"2"' }))).toEqual([400, 'FLOWLINE_REQUEST_INVALID']);
  });

  it('are created', async () => {
    const body = testDetectorYaml('fresh', 'orders');
    const headers = { 'content-type': 'application/yaml', 'if-none-match': '*' };
    expect((await call('PUT /v1/detectors/fresh', { body, headers })).status).toBe(201);
  });

  it('are refused with every finding at once', async () => {
    const { status, body } = await put(
      {},
      yaml.replace('type: positive', 'type: positiv').replace('alpha: 0.01', 'alpha: 2'),
    );
    expect(status).toBe(422);
    expect(body).toMatchObject({ code: 'FLOWLINE_CONFIG_INVALID', type: 'urn:flowline:error:FLOWLINE_CONFIG_INVALID' });
    expect(body.detail).toContain('did you mean "positive"?');
    expect(body.detail).toContain('2 problems');
    expect(codeOf(await put({}, yaml.replace('name: checkout', 'name: other')))).toEqual([
      422,
      'FLOWLINE_CONFIG_INVALID',
    ]);
  });

  it('say their state with its reason and remedy', async () => {
    const { body } = await call('GET /v1/detectors/checkout/status');
    expect(body).toMatchObject({
      state: 'waiting',
      findings: [{ code: 'FLOWLINE_MODEL_MISSING' }, { code: 'FLOWLINE_SCORER_SILENT' }],
    });
    await call('POST /v1/detectors/checkout/pause');
    expect((await call('GET /v1/detectors/checkout/status')).body.state).toBe('paused');
    await call('POST /v1/detectors/checkout/resume');
  });
});

describe('models', () => {
  it('are promoted and rolled back, and score', async () => {
    await applyTestDetector(database.db, definition);
    await applyTestDetector(database.db, definition, 2);
    expect((await pages('/v1/detectors/checkout/models?limit=1')).map(({ version }) => version)).toEqual([2, 1]);
    expect((await call('POST /v1/detectors/checkout/models/1/promote')).body).toMatchObject({
      champion: 1,
      replaced: 2,
    });
    const events = [...testEvents(2, 3), oddEvent('odd'), { id: 'none' }];
    const scored = await call('POST /v1/detectors/checkout/score', { body: { events } });
    expect(scored.body).toMatchObject({
      modelVersion: 1,
      results: [
        { anomaly: false },
        { anomaly: false },
        { anomaly: true, id: 'odd' },
        { error: { reason: 'missing_field' } },
      ],
    });
    expect((await call('POST /v1/detectors/checkout/rollback')).body).toMatchObject({ champion: 2, replaced: 1 });
    const explained = await call('POST /v1/detectors/checkout/explain', { body: { events: testEvents(1, 3) } });
    expect(explained.body).toMatchObject({
      modelVersion: 2,
      results: [{ explanation: { expected: { latency: {} } } }],
    });
    expect(codeOf(await call('POST /v1/detectors/checkout/models/9/promote'))).toEqual([404, 'FLOWLINE_MODEL_MISSING']);
  });
});

describe('dead letters', () => {
  it('are listed with their bytes', async () => {
    await commit({ size: 1, deadLetters: [1, 2, 3] });
    const found = await pages('/v1/dead-letters?limit=2');
    expect(found.map(({ offset }) => offset)).toEqual([3, 2, 1]);
    expect(found[0]).toMatchObject({ reason: 'not_json', value: { base64: 'ewD/' } });
    expect(codeOf(await call('POST /v1/detectors/checkout/dead-letters/redrive'))).toEqual([409, 'FLOWLINE_CONFLICT']);
  });
});

describe('a request with an Idempotency-Key', () => {
  const body = { name: 'x', scope: 'read' };

  it('is done once', async () => {
    await applyTestDetector(database.db, definition);
    await applyTestDetector(database.db, definition, 2);
    const headers = { 'idempotency-key': 'a' };
    const roll = () => call('POST /v1/detectors/checkout/rollback', { headers });
    const [first, second] = [await roll(), await roll()];
    expect([first.body, second.body]).toEqual([first.body, first.body]);
    expect([first, second].map((each) => each.headers.get('idempotency-replayed'))).toEqual([null, 'true']);
    expect(codeOf(await call('POST /v1/detectors/checkout/pause', { headers }))).toEqual([409, 'FLOWLINE_CONFLICT']);
    const other = await api.token();
    expect((await call('POST /v1/detectors/checkout/pause', { headers, token: other })).status).toBe(200);
  });

  it('is done once, however many arrive at the same time', async () => {
    await applyTestDetector(database.db, definition);
    await applyTestDetector(database.db, definition, 2);
    const headers = { 'idempotency-key': 'd' };
    const all = await Promise.all(
      Array.from({ length: 5 }, () => call('POST /v1/detectors/checkout/rollback', { headers })),
    );
    expect(all.filter(({ status }) => status === 200).length).toBeGreaterThan(0);
    expect(all.filter(({ status }) => status !== 200 && status !== 409)).toEqual([]);
    expect((await call('GET /v1/detectors/checkout/models')).body.items).toMatchObject([
      { aliases: ['previous'] },
      { aliases: ['champion'] },
    ]);
  });

  it('may be repeated after it has failed', async () => {
    const headers = { 'idempotency-key': 'b' };
    expect((await call('POST /v1/detectors/checkout/rollback', { headers })).status).toBe(404);
    await applyTestDetector(database.db, definition);
    await applyTestDetector(database.db, definition, 2);
    expect((await call('POST /v1/detectors/checkout/rollback', { headers })).status).toBe(200);
  });

  it('keeps no secret', async () => {
    await call('POST /v1/tokens', { body, headers: { 'idempotency-key': 'c' } });
    expect(await database.query('SELECT 1 FROM flowline.idempotency_keys')).toEqual([]);
  });
});

describe('bad requests get one clear problem, and the process lives', () => {
  it.each([
    { time: '2026-02-30 00:00:00+00' },
    { time: '2026-99-01 00:00:00+00' },
    { time: '2026-01-01 00:00:00+99' },
    { time: '999999-01-01 00:00:00+00' },
    { partition: 2 ** 40 },
  ])('a cursor of scores with %j', async (part) => {
    const position = { time: '2026-01-01 00:00:00+00', topic: 'orders', partition: 0, offset: 0, ...part };
    const cursor = Buffer.from(JSON.stringify(position)).toString('base64url');
    const range = 'from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z';
    const { status, body: problem } = await call(`GET /v1/detectors/checkout/scores?${range}&cursor=${cursor}`);
    expect([status, problem.code]).toEqual([400, 'FLOWLINE_REQUEST_INVALID']);
  });

  it.each([
    ['a malformed cursor', 'GET /v1/anomalies?cursor=abc', {}, 400],
    ['a cursor of another list', `GET /v1/alerts?cursor=${Buffer.from('3').toString('base64url')}`, {}, 400],
    ['an unknown parameter', 'GET /v1/anomalies?detectr=checkout', {}, 400],
    ['a repeated parameter', 'GET /v1/anomalies?limit=1&limit=2', {}, 400],
    ['a time that is none', 'GET /v1/anomalies?from=yesterday', {}, 400],
    ['a NUL', 'GET /v1/anomalies?entity=%00', {}, 400],
    ['a limit of no end', 'GET /v1/anomalies?limit=1e9', {}, 400],
    ['an id that is none', 'GET /v1/anomalies/x', {}, 400],
    ['a name of no end', `GET /v1/rules/${'a'.repeat(5_000)}`, {}, 400],
    ['an alert of no end', `GET /alerts/${'a'.repeat(5_000)}/feedback/expected?token=x`, {}, 400],
    ['an id beyond all', 'GET /v1/anomalies/9007199254740991', {}, 404],
    ['a path that is not UTF-8', 'GET /v1/detectors/%ff', {}, 400],
    ['a URL of 20 kB', `GET /v1/anomalies?entity=${'x'.repeat(20_000)}`, {}, 400],
    ['a body that is no JSON', 'POST /v1/tokens', { body: '{' }, 400],
    ['a body without its fields', 'POST /v1/tokens', { body: {} }, 400],
    ['a body of another type', 'POST /v1/tokens', { body: 'a=b', headers: { 'content-type': 'text/plain' } }, 400],
    ['a body where none belongs', 'POST /v1/detectors/checkout/pause', { body: { now: true } }, 400],
    ['a prototype', 'POST /v1/tokens', { body: '{"__proto__": {"scope": "admin"}, "name": "x"}' }, 400],
    ['an unknown path', 'GET /v2/detectors', {}, 404],
    ['another method', 'DELETE /v1/detectors/checkout', {}, 405],
    ['a body of 100 MB', 'POST /v1/detectors/checkout/score', { body: `"${'x'.repeat(100_000_000)}"` }, 413],
  ] as const)('%s', async (_name, methodAndPath, request, status) => {
    const answer = await call(methodAndPath, request).catch((error: unknown) => error as TestResponse);
    // The connection of a body that is not read may be cut before its response.
    if (status !== 413 || 'status' in answer) {
      expect(answer.status).toBe(status);
      expect(answer.headers.get('content-type')).toContain('application/problem+json');
      expect(answer.body).toMatchObject({
        status,
        code: expect.stringMatching(/^FLOWLINE_/),
        remedy: expect.any(String),
      });
    }
    expect((await call('GET /v1/detectors')).status).toBe(200);
  });

  it('too many requests of one token or address', async () => {
    const limited = await startTestApi(database.db, { limits: { perToken: 3, perAddress: 2 } });
    try {
      const statuses = async (request: TestRequest) => {
        const found = [];
        for (let i = 0; i < 4; i++) found.push((await limited.call('GET /v1/detectors', request)).status);
        return found;
      };
      expect(await statuses({ token })).toEqual([200, 200, 200, 429]);
      expect(await statuses({ token: 'wrong' })).toEqual([401, 401, 429, 429]);
    } finally {
      await limited.close();
    }
  });
});
