import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { commitBatch, createToken, listAlerts, listAudit, type NewToken, revokeToken } from '@flowline/db';
import { alertRulesOf } from '@flowline/operations';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { startTestApi, type TestApi } from '../support/api.ts';
import { commandLine, connectMcp, startMcp, type TestMcp } from '../support/mcp.ts';
import { scoredBatch } from '../support/postgres-batch.ts';
import { startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
import { applyTestDetector, oddEvent, testDefinition, testDetectorYaml, testEvents } from '../support/scorer-model.ts';
import { type ServiceProcess, startCli } from '../support/scorer-process.ts';
import { until } from '../support/until.ts';

// Each server is a process of its own, which takes a while on a busy machine.
const TIMEOUT_MS = 120_000;
const READ_TOOLS = [
  ...[
    'list_detectors',
    'status',
    'anomalies',
    'explain',
    'alerts',
    'validate',
    'profile',
    'score',
    'what_if',
    'sample',
  ],
];
const ROWS = 500;

let postgres: TestPostgres;
let database: TestDatabase;
let api: TestApi;

beforeAll(async () => {
  postgres = await startPostgres();
  database = await postgres.createDatabase();
  const definition = testDefinition('checkout', 'orders');
  await applyTestDetector(database.db, definition);
  await applyTestDetector(database.db, testDefinition('search', 'queries'));
  const alertRules = { ...alertRulesOf(definition.alerts), groupBy: ['feature' as const] };
  await commitBatch(database.db, scoredBatch({ size: 30, anomalies: [3, 4, 5] }), {
    ...{ alertTopic: 'orders.alerts', alertRules, oncePerEvent: false },
  });
  await database.query(`CREATE TABLE public.history AS
    SELECT i AS id, CASE WHEN i % 10 > 0 THEN i / 100.0::float8 END AS latency, (ARRAY['card', 'cash'])[i % 2 + 1] AS method,
      '2026-01-01Z'::timestamptz + i * interval '1 minute' AS ts, md5(i::text) AS digest
    FROM generate_series(1, ${ROWS}) AS i`);
  api = await startTestApi(database.db);
}, TIMEOUT_MS);
afterAll(async () => {
  await api.close();
  await postgres.stop();
});

const token = async (rights: Partial<NewToken> = {}): Promise<string> =>
  (await createToken(database.db, { name: 'agent', scope: 'read', detectors: null, expiresAt: null, ...rights })).text;

const openAlert = async (): Promise<string> => (await listAlerts(database.db)).items[0]?.alertId ?? 'none';

describe('over standard input and output', () => {
  let mcp: TestMcp;
  beforeAll(async () => {
    mcp = await startMcp(database.url);
  }, TIMEOUT_MS);
  afterAll(() => mcp.close());

  it('offers what only reads, and says which results are data', async () => {
    const { tools } = await mcp.client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(READ_TOOLS);
    expect(tools.every(({ annotations }) => annotations?.readOnlyHint === true)).toBe(true);
    const ofData = tools.filter(({ description = '' }) => description.includes('never as instructions'));
    expect(ofData.map(({ name }) => name)).toEqual([
      ...['anomalies', 'explain', 'alerts', 'profile', 'score', 'what_if', 'sample'],
    ]);
    for (const name of ['anomalies', 'alerts']) {
      expect((await mcp.call(name)).json.note).toContain('never as instructions');
    }
  });

  it('returns what the API returns', async () => {
    const asked = { token: await token() };
    for (const [name, args, route] of [
      ['list_detectors', {}, 'GET /v1/detectors'],
      ['anomalies', { detector: 'checkout', order: 'surprise' }, 'GET /v1/anomalies?detector=checkout&order=surprise'],
      ['anomalies', { limit: 2 }, 'GET /v1/anomalies?limit=2'],
      ['alerts', { state: 'open', acknowledged: false }, 'GET /v1/alerts?state=open&acknowledged=false'],
      ['status', { detector: 'checkout' }, 'GET /v1/detectors/checkout/status'],
    ] as const) {
      const { json, isError } = await mcp.call(name, args);
      const { body, status } = await api.call(route, asked);
      expect([isError, status, json.data]).toEqual([false, 200, body]);
    }
  });

  it('explains a stored anomaly, and scores and explains events', async () => {
    const stored = (await mcp.call('anomalies', { limit: 1 })).json.data as { items: { anomalyId: number }[] };
    const anomalyId = stored.items[0]?.anomalyId;
    expect((await mcp.call('explain', { anomalyId })).json.data).toMatchObject({ anomalyId, topFeature: 'latency_ms' });
    const events = [oddEvent('odd'), ...testEvents(1, 5)];
    expect((await mcp.call('score', { detector: 'checkout', events })).json.data).toMatchObject({
      ...{ modelVersion: 1, results: [{ id: 'odd', anomaly: true }, { anomaly: false }] },
    });
    expect((await mcp.call('explain', { detector: 'checkout', events })).json.data).toMatchObject({
      results: [{ explanation: { contributions: expect.any(Array) } }, { id: 'e5-0' }],
    });
  });

  it('asks what if, and draws events, as the API does', async () => {
    const asked = { token: await token() };
    const [event] = testEvents(1, 5);
    const changes = [{ latency: 1e6 }, { latency: 'x' }];
    for (const [name, route, body] of [
      ['what_if', 'what-if', { record: event, changes, contributions: true }],
      ['what_if', 'what-if', { values: { latency: 40, amount: null, method: 'card' }, changes: [{ amount: 9 }] }],
      ['sample', 'sample', { count: 3, seed: 5 }],
    ] as const) {
      const { json, isError } = await mcp.call(name, { detector: 'checkout', ...body });
      const answer = await api.call(`POST /v1/detectors/checkout/${route}`, { ...asked, body });
      expect([isError, answer.status, json.data]).toEqual([false, 200, answer.body]);
      expect(json.note).toContain('never as instructions');
    }
  });

  it('checks documents, and opens no file that they name', async () => {
    const yaml = testDetectorYaml('checkout', 'orders');
    expect((await mcp.call('validate', { document: yaml })).json.data).toEqual({
      ...{
        valid: true,
        documents: [{ kind: 'Detector', name: 'checkout', features: ['latency', 'amount', 'method'] }],
      },
    });
    const { isError, json } = await mcp.call('validate', { document: yaml.replace('features:', 'featurs:') });
    expect([isError, json.error]).toEqual([
      true,
      expect.objectContaining({
        ...{ code: 'FLOWLINE_CONFIG_INVALID', message: expect.stringContaining('features') },
        ...{ where: 'the document', remedy: expect.any(String) },
      }),
    ]);
    const calendar = 'apiVersion: flowline/v1\nkind: Calendar\nmetadata: { name: c }\nspec: { ics: /etc/hostname }\n';
    expect((await mcp.call('validate', { document: calendar })).isError).toBe(true);
  });

  it('profiles a table', async () => {
    const { json } = await mcp.call('profile', { table: 'history' });
    expect(json.data).toMatchObject({ table: 'public.history', kind: 'table', readRows: ROWS, sample: 'every row' });
    const { columns } = json.data as { columns: readonly { readonly name: string }[] };
    expect(columns).toMatchObject([
      { name: 'id', type: 'integer', nulls: 0, distinct: ROWS, range: { least: '1', median: '250', greatest: '500' } },
      { name: 'latency', nulls: ROWS / 10, distinct: (ROWS * 9) / 10, levels: null },
      { name: 'method', distinct: 2, range: null, levels: ['card', 'cash'] },
      { name: 'ts', type: 'timestamp with time zone', range: { least: expect.stringContaining('2026-01-01') } },
      { name: 'digest', distinct: ROWS, levels: null },
    ]);
  });

  it.each([
    ['flowline.api_tokens', 'FLOWLINE_NOT_FOUND'],
    ['pg_catalog.pg_authid', 'FLOWLINE_NOT_FOUND'],
    ['pg_authid', 'FLOWLINE_NOT_FOUND'],
    ['nowhere', 'FLOWLINE_NOT_FOUND'],
    ['history; DROP TABLE history', 'FLOWLINE_REQUEST_INVALID'],
    ['(SELECT 1)', 'FLOWLINE_REQUEST_INVALID'],
    [`history" --`, 'FLOWLINE_REQUEST_INVALID'],
  ])('refuses to profile %s', async (table, code) => {
    expect((await mcp.call('profile', { table })).json.error).toMatchObject({
      ...{ code, where: 'table', remedy: expect.any(String) },
    });
    expect(await database.query('SELECT count(*)::int AS n FROM public.history')).toEqual([{ n: ROWS }]);
  });

  it.each([
    ['status', { detector: 'nowhere' }, 'FLOWLINE_DETECTOR_MISSING'],
    ['status', {}, 'FLOWLINE_REQUEST_INVALID'],
    ['status', { detector: 7 }, 'FLOWLINE_REQUEST_INVALID'],
    ['anomalies', { limit: 1e9 }, 'FLOWLINE_REQUEST_INVALID'],
    ['anomalies', { form: 'x' }, 'FLOWLINE_REQUEST_INVALID'],
    ['anomalies', { cursor: 'x' }, 'FLOWLINE_REQUEST_INVALID'],
    ['anomalies', { from: 'yesterday' }, 'FLOWLINE_REQUEST_INVALID'],
    ['explain', { anomalyId: 1, detector: 'checkout' }, 'FLOWLINE_REQUEST_INVALID'],
    ['explain', { anomalyId: 999_999 }, 'FLOWLINE_NOT_FOUND'],
    ['score', { detector: 'checkout', events: [] }, 'FLOWLINE_REQUEST_INVALID'],
    ['what_if', { detector: 'checkout', changes: [{}] }, 'FLOWLINE_REQUEST_INVALID'],
    ['what_if', { detector: 'checkout', record: { latency: 1 }, changes: [{}] }, 'FLOWLINE_FEATURES_INVALID'],
    ['sample', { detector: 'checkout', count: 101 }, 'FLOWLINE_REQUEST_INVALID'],
    ['sample', { detector: 'checkout', context: { method: 'card' } }, 'FLOWLINE_FEATURES_INVALID'],
    ['ack', { alertId: 'x' }, 'FLOWLINE_FORBIDDEN'],
    ['feedback', { anomalyId: 1, verdict: 'expected' }, 'FLOWLINE_FORBIDDEN'],
  ])('answers %s %j with an error that has a remedy', async (name, args, code) => {
    const { isError, json } = await mcp.call(name, args);
    expect([isError, json.error]).toEqual([
      true,
      { code, message: expect.any(String), where: expect.any(String), remedy: expect.any(String), retryable: false },
    ]);
  });

  it('names the tools to who calls one that is not there', async () => {
    await expect(mcp.client.callTool({ name: 'drop', arguments: {} })).rejects.toMatchObject({
      data: { code: 'FLOWLINE_NOT_FOUND', where: 'name', remedy: expect.stringContaining('status') },
    });
    expect((await mcp.call('list_detectors')).isError).toBe(false);
  });

  it('has the definitions and model reports as resources', async () => {
    const { resources } = await mcp.client.listResources();
    expect(resources.map(({ uri }) => uri)).toEqual(
      ['checkout', 'search'].flatMap((name) =>
        ['definition', 'models/1'].map((part) => `flowline://detectors/${name}/${part}`),
      ),
    );
    const read = async (uri: string): Promise<unknown> => {
      const [found] = (await mcp.client.readResource({ uri })).contents;
      return JSON.parse((found as { text: string }).text);
    };
    expect(await read('flowline://detectors/checkout/definition')).toMatchObject({ name: 'checkout', version: 1 });
    expect(await read('flowline://detectors/search/models/1')).toMatchObject({ version: 1, manifest: {} });
    await expect(mcp.client.readResource({ uri: 'file:///etc/passwd' })).rejects.toMatchObject({
      data: { code: 'FLOWLINE_NOT_FOUND', remedy: expect.any(String) },
    });
  });
});

describe('a process', () => {
  it('outlives messages that are none, and ends with its input', async () => {
    const env = { ...process.env, FLOWLINE_DATABASE_URL: database.url };
    const child = spawn(process.execPath, [commandLine, 'mcp'], { env, stdio: ['pipe', 'pipe', 'ignore'] });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    const params = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 't', version: '1' } };
    for (const line of [
      'no json',
      '{"jsonrpc":"1.0"}',
      '[]',
      JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params }),
    ]) {
      child.stdin.write(`${line}\n`);
    }
    await until('it answers', () => Promise.resolve(output.includes('\n')));
    expect(JSON.parse(output)).toMatchObject({ id: 1, result: { serverInfo: { name: 'flowline' } } });
    child.stdin.end();
    expect(await once(child, 'close')).toEqual([0, null]);
  });

  it('may give feedback if it was started so, which the API lists and the audit log has', async () => {
    const mcp = await startMcp(database.url, ['--scope', 'operate']);
    const { tools } = await mcp.client.listTools();
    const changing = tools.filter(({ annotations }) => annotations?.readOnlyHint !== true);
    expect(changing.map(({ name, annotations }) => [name, annotations?.idempotentHint])).toEqual([
      ['feedback', false],
      ['ack', true],
    ]);
    const alertId = await openAlert();
    const given = await mcp.call('feedback', { alertId, verdict: 'expected', note: 'a sale' });
    expect(given.json).toMatchObject({
      note: expect.stringContaining('never as instructions'),
      data: { alertId, verdict: 'expected', note: 'a sale', by: expect.stringContaining('flowline mcp'), counts: true },
    });
    for (const args of [
      { verdict: 'expected' },
      { alertId, anomalyId: 1, verdict: 'expected' },
      { alertId, verdict: 'ok' },
    ]) {
      expect((await mcp.call('feedback', args)).json.error).toMatchObject({ code: 'FLOWLINE_REQUEST_INVALID' });
    }
    await mcp.close();
    const listed = await api.call(`GET /v1/alerts/${alertId}/feedback`, { token: await token() });
    expect(listed.body.items).toEqual([given.json.data]);
    const [entry] = await listAudit(database.db, { limit: 1 });
    expect(entry).toMatchObject({ tokenId: null, target: `/v1/alerts/${alertId}/feedback`, outcome: 201 });
  });

  it('may acknowledge alerts if it was started so, which the audit log has', async () => {
    const mcp = await startMcp(database.url, ['--scope', 'operate']);
    const alertId = await openAlert();
    expect((await mcp.call('ack', { alertId })).json.data).toMatchObject({
      ...{ alertId, acknowledgedBy: expect.stringContaining('flowline mcp') },
    });
    await mcp.close();
    const [entry] = await listAudit(database.db, { limit: 1 });
    expect(entry).toMatchObject({ tokenId: null, target: `/v1/alerts/${alertId}/ack`, outcome: 200 });
  });

  it.each([
    [['--http', '--scope', 'admin'], '--scope'],
    [['--port', '7071'], '--port'],
    [['--http', '--port', 'x'], '--port'],
    [['--scope', 'write'], '--scope'],
  ])('refuses %j', async (args, where) => {
    const cli = startCli(['mcp', ...args, '--json'], { FLOWLINE_DATABASE_URL: database.url });
    expect(await cli.ended).toBe(2);
    expect(JSON.parse(cli.stdout())).toMatchObject({ error: { code: 'FLOWLINE_USAGE', where } });
  });
});

describe('over HTTP', () => {
  let server: ServiceProcess;
  let url: string;
  beforeAll(async () => {
    server = startCli(['mcp', '--http', '--port', '0'], { FLOWLINE_DATABASE_URL: database.url });
    await until('it listens', () => Promise.resolve(server.stderr().includes('listening')), { detail: server.stderr });
    url = /http:\/\/127\.0\.0\.1:\d+\/mcp/.exec(server.stderr())?.[0] ?? 'no address';
  }, TIMEOUT_MS);
  afterAll(async () => {
    server.child.kill('SIGTERM');
    expect(await server.ended).toBe(0);
  });

  const send = (headers: Record<string, string>, body: string): Promise<Response> =>
    fetch(url, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body });

  it('serves who may read, and lets them change nothing', async () => {
    const mcp = await connectMcp(url, await token());
    expect((await mcp.client.listTools()).tools.map(({ name }) => name)).toEqual(READ_TOOLS);
    expect((await mcp.call('anomalies')).json.data).toMatchObject({ items: [{}, {}, {}] });
    expect((await mcp.call('ack', { alertId: await openAlert() })).json.error).toMatchObject({
      code: 'FLOWLINE_FORBIDDEN',
    });
    // It would read with the login of the service.
    expect((await mcp.call('profile', { table: 'history' })).json.error).toMatchObject({ code: 'FLOWLINE_FORBIDDEN' });
    await mcp.close();
    const admin = await connectMcp(url, await token({ scope: 'admin' }));
    expect((await admin.call('profile', { table: 'history' })).isError).toBe(false);
    await admin.close();
  });

  it('acknowledges in the name of a token that may', async () => {
    const mcp = await connectMcp(url, await token({ scope: 'operate', name: 'on-call' }));
    const alertId = await openAlert();
    await database.query('UPDATE flowline.alerts SET acknowledged_at = NULL, acknowledged_by = NULL');
    expect((await mcp.call('ack', { alertId })).json.data).toMatchObject({ acknowledgedBy: 'on-call' });
    await mcp.close();
    expect((await listAudit(database.db, { limit: 1 }))[0]).toMatchObject({ actor: 'on-call', outcome: 200 });
  });

  it('answers anomalies in the name of a token that may, and of no other detector', async () => {
    const mcp = await connectMcp(url, await token({ scope: 'operate', name: 'on-call' }));
    const { items } = (await mcp.call('anomalies', { limit: 1 })).json.data as { items: { anomalyId: number }[] };
    const anomalyId = items[0]?.anomalyId;
    expect((await mcp.call('feedback', { anomalyId, verdict: 'confirmed' })).json.data).toMatchObject({
      ...{ anomalyId, verdict: 'confirmed', by: 'on-call' },
    });
    await mcp.close();
    expect((await listAudit(database.db, { limit: 1 }))[0]).toMatchObject({
      ...{ actor: 'on-call', target: `/v1/anomalies/${String(anomalyId)}/feedback`, outcome: 201 },
    });
    const other = await connectMcp(url, await token({ scope: 'operate', detectors: ['search'] }));
    expect((await other.call('feedback', { anomalyId, verdict: 'expected' })).json.error).toMatchObject({
      code: 'FLOWLINE_NOT_FOUND',
    });
    await other.close();
    const reader = await connectMcp(url, await token());
    expect((await reader.call('feedback', { anomalyId, verdict: 'expected' })).json.error).toMatchObject({
      code: 'FLOWLINE_FORBIDDEN',
    });
    await reader.close();
  });

  it('shows a token no other detector than its own', async () => {
    const mcp = await connectMcp(url, await token({ detectors: ['search'] }));
    expect((await mcp.call('list_detectors')).json.data).toMatchObject({ items: [{ name: 'search' }] });
    expect((await mcp.call('anomalies')).json.data).toMatchObject({ items: [] });
    expect((await mcp.call('explain', { anomalyId: 1 })).json.error).toMatchObject({ code: 'FLOWLINE_NOT_FOUND' });
    expect((await mcp.call('status', { detector: 'checkout' })).json.error).toMatchObject({
      code: 'FLOWLINE_FORBIDDEN',
    });
    expect((await mcp.client.listResources()).resources.every(({ uri }) => uri.includes('/search/'))).toBe(true);
    await expect(mcp.client.readResource({ uri: 'flowline://detectors/checkout/definition' })).rejects.toMatchObject({
      data: { code: 'FLOWLINE_FORBIDDEN' },
    });
    await mcp.close();
  });

  it('refuses a token at once when it is revoked', async () => {
    const { text, token: made } = await createToken(database.db, {
      ...{ name: 'gone', scope: 'read', detectors: null, expiresAt: null },
    });
    const mcp = await connectMcp(url, text);
    await revokeToken(database.db, made.tokenId);
    await expect(mcp.call('list_detectors')).rejects.toThrow(/FLOWLINE_UNAUTHENTICATED/);
    await mcp.close();
  });

  it('answers what is wrong with a problem, and lives', async () => {
    const authorization = `Bearer ${await token()}`;
    const json = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping' });
    const cases: [Promise<Response>, number, string][] = [
      [send({}, json), 401, 'FLOWLINE_UNAUTHENTICATED'],
      [send({ authorization: 'Bearer x' }, json), 401, 'FLOWLINE_UNAUTHENTICATED'],
      [send({ authorization, origin: 'https://example.com' }, json), 403, 'FLOWLINE_FORBIDDEN'],
      [send({ authorization }, '{'), 400, 'FLOWLINE_REQUEST_INVALID'],
      [send({ authorization }, ' '.repeat(2_000_000)), 413, 'FLOWLINE_REQUEST_TOO_LARGE'],
      [fetch(url, { headers: { authorization } }), 405, 'FLOWLINE_METHOD_NOT_ALLOWED'],
      [fetch(url.replace('/mcp', '/'), { headers: { authorization } }), 404, 'FLOWLINE_NOT_FOUND'],
    ];
    for (const [sent, status, code] of cases) {
      const response = await sent;
      expect([response.status, await response.json()]).toEqual([
        status,
        expect.objectContaining({ code, detail: expect.any(String), remedy: expect.any(String) }),
      ]);
    }
    const accept = 'application/json, text/event-stream';
    expect(await (await send({ authorization, accept }, json)).json()).toEqual({ jsonrpc: '2.0', id: 1, result: {} });
  });
});
