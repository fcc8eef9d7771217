import { parseDetector, storedDefinition } from '@flowline/config';
import { applyDetector, commitBatch } from '@flowline/db';
import { alertRulesOf } from '@flowline/operations';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { startServer } from '../../libs/sinks/src/testing/http-server.ts';
import { startTestApi, type TestApi, type TestRequest, type TestResponse } from '../support/api.ts';
import { documentedCall } from '../support/documented-call.ts';
import { scoredBatch } from '../support/postgres-batch.ts';
import { startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
import { testDefinition, testDetectorYaml } from '../support/scorer-model.ts';
import { startCli } from '../support/scorer-process.ts';

let postgres: TestPostgres;
let database: TestDatabase;
let api: TestApi;
let token: string;

beforeAll(async () => {
  postgres = await startPostgres();
});
beforeEach(async () => {
  database = await postgres.createDatabase();
  await applyDetector(database.db, storedDefinition(testDefinition('checkout', 'orders')));
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
const codeOf = ({ status, body }: TestResponse) => [status, body.code];

const document = (kind: string, name: string, spec: object) => ({
  ...{ apiVersion: 'flowline/v1', kind, metadata: { name } },
  spec,
});
const rule = (name: string, when = 'bits > 20.0') => document('Rule', name, { when, then: { suppress: true } });
const calendar = (name: string) =>
  document('Calendar', name, { timezone: 'Europe/Paris', events: [{ start: '2026-01-01', duration: '1d' }] });
const webhook = (name: string, url: string) =>
  document('Sink', name, { webhook: { url, secret: 'env:HOOK_SECRET', allow: ['127.0.0.1'] } });
const put = (folder: string, body: { readonly metadata: { readonly name: string } }, headers = {}) =>
  call(`PUT /v1/${folder}/${body.metadata.name}`, { body, headers });

describe('rules, calendars and sinks', () => {
  it('are applied, listed page by page, read back and removed, in the name of the token', async () => {
    for (const [folder, one] of [
      ['rules', rule('b')],
      ['calendars', calendar('b')],
      ['sinks', document('Sink', 'b', { file: { path: '/tmp/alerts' }, retryFor: '1d' })],
    ] as const) {
      const done = await put(folder, one);
      expect([done.status, done.body, done.headers.get('etag')]).toEqual([
        201,
        { name: 'b', version: 1, changed: true },
        '"1"',
      ]);
      expect((await put(folder, one)).body).toMatchObject({ version: 1, changed: false });
      for (const name of ['a', 'c']) await put(folder, { ...one, metadata: { name } });
      const first = await call(`GET /v1/${folder}?limit=2`);
      expect(first.body.items).toMatchObject([{ name: 'a', appliedBy: 'ann' }, { name: 'b' }]);
      const second = await call(`GET /v1/${folder}?limit=2&cursor=${String(first.body.next)}`);
      expect(second.body).toMatchObject({ items: [{ name: 'c' }], next: null });
      const read = await call(`GET /v1/${folder}/b`);
      expect([read.body.document, read.headers.get('etag')]).toEqual([one, '"1"']);
      expect(first.body.items).toMatchObject([{ spec: one.spec }, {}]);
      expect((await call(`DELETE /v1/${folder}/b`)).body).toEqual({ name: 'b', removed: true });
      expect(codeOf(await call(`GET /v1/${folder}/b`))).toEqual([404, 'FLOWLINE_RESOURCE_MISSING']);
      expect(codeOf(await call(`DELETE /v1/${folder}/b`))).toEqual([404, 'FLOWLINE_RESOURCE_MISSING']);
    }
    const { body } = await call('GET /v1/audit?limit=1');
    expect(body.items).toMatchObject([{ actor: 'ann', action: 'DELETE /v1/sinks/{name}', target: '/v1/sinks/b' }]);
  });

  it('are files that can be applied again, and long ones are not in the list', async () => {
    const ics = `BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:a\r\nDTSTART;VALUE=DATE:20260101\r\nDTEND;VALUE=DATE:20260102\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n`;
    const holidays = document('Calendar', 'holidays', { timezone: 'Europe/Paris', ics });
    expect((await put('calendars', holidays)).body).toMatchObject({ version: 1 });
    expect((await call('GET /v1/calendars')).body.items).toMatchObject([{ spec: { timezone: 'Europe/Paris' } }]);
    expect(JSON.stringify((await call('GET /v1/calendars')).body)).not.toContain('VEVENT');
    await put('rules', rule('a', 'x["latency"] > 1.0 && feature == "it\'s: #1"'));
    for (const path of ['calendars/holidays', 'rules/a']) {
      const { body, headers } = await call(`GET /v1/${path}/document`);
      expect([body.version, headers.get('etag')]).toEqual([1, '"1"']);
      const again = await call(`PUT /v1/${path}`, { body: body.text, headers: { 'content-type': 'application/yaml' } });
      expect(again.body).toMatchObject({ version: 1, changed: false });
    }
    expect(codeOf(await call('GET /v1/rules/b/document'))).toEqual([404, 'FLOWLINE_RESOURCE_MISSING']);
  });

  it('change only in the version that was read', async () => {
    expect((await put('rules', rule('a'), { 'if-none-match': '*' })).status).toBe(201);
    expect(codeOf(await put('rules', rule('a'), { 'if-none-match': '*' }))).toEqual([
      412,
      'FLOWLINE_PRECONDITION_FAILED',
    ]);
    const both = await Promise.all(
      ['bits > 30.0', 'bits > 40.0'].map((when) => put('rules', rule('a', when), { 'if-match': '"1"' })),
    );
    expect(both.map(({ status }) => status).sort()).toEqual([200, 412]);
    expect((await call('GET /v1/rules/a')).body.version).toBe(2);
    const remove = (etag: string) => call('DELETE /v1/rules/a', { headers: { 'if-match': etag } });
    expect(codeOf(await remove('"1"'))).toEqual([412, 'FLOWLINE_PRECONDITION_FAILED']);
    expect((await remove('"2"')).status).toBe(200);
    expect(codeOf(await put('rules', rule('a'), { 'if-match': '"2"' }))).toEqual([412, 'FLOWLINE_PRECONDITION_FAILED']);
    expect((await put('rules', rule('a'), { 'if-none-match': '*' })).body).toMatchObject({ version: 3, changed: true });
  });

  it('are checked as `flowline apply` checks them', async () => {
    const unknown = await put('rules', rule('a', 'calendar["night"] && x.latencyy > 1.0'));
    expect(codeOf(unknown)).toEqual([422, 'FLOWLINE_CONFIG_INVALID']);
    expect(unknown.body.detail).toContain('there is no calendar "night"');
    expect(unknown.body.detail).toContain('did you mean "latency"?');
    for (const [path, body] of [
      ['rules/a', rule('b')],
      ['rules/a', calendar('a')],
      ['sinks/kafka', document('Sink', 'kafka', { stdout: {} })],
      ['sinks/a', document('Sink', 'a', { slack: { url: 'https://hooks.slack.com/…' } })],
      ['sinks/a', document('Sink', 'a', { slack: { url: 'env:FLOWLINE_DATABASE_URL' } })],
    ] as const) {
      expect(codeOf(await call(`PUT /v1/${path}`, { body }))).toEqual([422, 'FLOWLINE_CONFIG_INVALID']);
    }
    const withFile = document('Calendar', 'a', { timezone: 'Europe/Paris', file: '/etc/passwd' });
    expect(codeOf(await put('calendars', withFile))).toEqual([422, 'FLOWLINE_FILE_UNREADABLE']);
    const two = `${JSON.stringify(rule('a'))}\n---\n${JSON.stringify(rule('b'))}`;
    const headers = { 'content-type': 'application/yaml' };
    expect((await call('PUT /v1/rules/a', { body: two, headers })).status).toBe(422);
    expect((await call('GET /v1/rules')).body.items).toEqual([]);
  });

  it('stay while something names them, in the API and on the command line', async () => {
    await put('calendars', calendar('nights'));
    await put('rules', rule('quiet', 'calendar.nights'));
    const used = await call('DELETE /v1/calendars/nights');
    expect(codeOf(used)).toEqual([409, 'FLOWLINE_CONFLICT']);
    expect(used.body.detail).toBe('The calendar nights is used by rule quiet.');
    const rm = startCli(['calendars', 'rm', 'nights'], { FLOWLINE_DATABASE_URL: database.url });
    expect([await rm.ended, rm.stderr()]).toEqual([1, expect.stringContaining('is used by rule quiet')]);
    await call('DELETE /v1/rules/quiet');
    expect((await call('DELETE /v1/calendars/nights')).status).toBe(200);

    await put('sinks', document('Sink', 'oncall', { stdout: {} }));
    const yaml = testDetectorYaml('payments', 'orders').replace('alerts: {', 'alerts: { sinks: [kafka, oncall],');
    await applyDetector(database.db, storedDefinition(parseDetector(yaml, 'payments')));
    expect((await call('DELETE /v1/sinks/oncall')).body.detail).toBe('The sink oncall is used by detector payments.');
  });

  it('show nothing to a token for some detectors', async () => {
    const some = await api.token({ scope: 'admin', detectors: ['checkout'] });
    expect(codeOf(await call('GET /v1/rules', { token: some }))).toEqual([403, 'FLOWLINE_FORBIDDEN']);
  });
});

describe('a sink', () => {
  it('is tested, and shows neither its secret nor the path of its address', async () => {
    process.env.HOOK_SECRET = 'do-not-tell';
    let status = 200;
    const server = await startServer((_request, response) => response.writeHead(status).end('because'));
    try {
      await put('sinks', webhook('oncall', `${server.url}/token-1234`));
      const read = await call('GET /v1/sinks/oncall');
      expect(read.body.document).toMatchObject({
        spec: { webhook: { url: `${new URL(server.url).origin}/…`, secret: 'env:HOOK_SECRET' } },
      });
      expect((await call('POST /v1/sinks/oncall/test')).body).toMatchObject({ outcome: 'accepted', error: null });
      expect(server.received).toHaveLength(1);
      status = 403;
      const refused = await call('POST /v1/sinks/oncall/test');
      expect(refused.body).toMatchObject({ outcome: 'refused', error: 'sink oncall answered 403: because' });
      delete process.env.HOOK_SECRET;
      const missing = await call('POST /v1/sinks/oncall/test');
      expect(missing.body).toMatchObject({ outcome: 'failed', error: expect.stringMatching(/secret.* is not set/) });
      const all = JSON.stringify([read, refused, missing].map(({ body }) => body));
      expect(all).not.toContain('do-not-tell');
      expect(all).not.toContain('token-1234');
    } finally {
      await server.close();
    }
  });

  it('of kind kafka needs brokers', async () => {
    await put('sinks', document('Sink', 'topic', { kafka: { topic: 'alerts' } }));
    expect(codeOf(await call('POST /v1/sinks/topic/test'))).toEqual([409, 'FLOWLINE_CONFLICT']);
  });
});

describe('a dry run', () => {
  it('says what rules would have done, and changes nothing', async () => {
    const definition = testDefinition('checkout', 'orders');
    await commitBatch(database.db, scoredBatch({ fromOffset: 0, size: 6, anomalies: [1, 3] }), {
      ...{ alertTopic: 'alerts', alertRules: alertRulesOf(definition.alerts), oncePerEvent: false },
    });
    const dryRun = (from: string) => call(`POST /v1/dry-run${from}`, { body: rule('all', 'true') });
    const { body } = await dryRun('?from=2025-01-01T00:00:00Z');
    expect(body).toMatchObject({ examined: 2, suppressedAlready: 0, more: false, faults: [] });
    expect(body.rows).toMatchObject([{ detector: 'checkout', anomalies: 2, suppressed: 2 }]);
    expect(body.documents).toEqual([{ kind: 'Rule', name: 'all' }]);
    expect((await dryRun('?from=2026-02-01T00:00:00Z')).body).toMatchObject({ rows: [], examined: 0 });
    expect((await call('GET /v1/rules')).body.items).toEqual([]);
    const none = await call('POST /v1/dry-run', { body: document('Sink', 'a', { stdout: {} }) });
    expect(codeOf(none)).toEqual([400, 'FLOWLINE_USAGE']);
  });

  it('names the alerts that would have been others, and those that would not have opened', async () => {
    const definition = testDefinition('checkout', 'orders');
    const rules = { ...alertRulesOf(definition.alerts), groupBy: [] };
    await commitBatch(database.db, scoredBatch({ fromOffset: 0, size: 6, anomalies: [1, 3] }), {
      ...{ alertTopic: 'alerts', alertRules: rules, oncePerEvent: false },
    });
    const dryRun = async (spec: object) => {
      const body = document('Rule', 'a', spec);
      return (await call('POST /v1/dry-run?from=2025-01-01T00:00:00Z', { body })).body.alerts;
    };
    const suppress = { then: { suppress: true } };
    const second = `time >= timestamp("${new Date(Date.UTC(2026, 0, 1, 0, 0, 3)).toISOString()}")`;
    expect(await dryRun({ when: 'true', ...suppress })).toMatchObject({
      ...{ count: 1, items: [{ detector: 'checkout', count: 2, suppressed: 2, isGone: true }] },
    });
    expect(await dryRun({ when: second, ...suppress })).toMatchObject({ items: [{ suppressed: 1, isGone: false }] });
    expect(await dryRun({ when: 'true', then: { downgrade: 'info', tag: { a: 'b' } } })).toMatchObject({
      items: [{ suppressed: 0, downgraded: 2, tagged: 2, isGone: false }],
    });
    expect(await dryRun({ when: 'false', ...suppress })).toEqual({ count: 0, items: [] });
  });

  it('of any number of rules ends within its time, and leaves the others their turns', async () => {
    const size = 4_000;
    await commitBatch(
      database.db,
      scoredBatch({ fromOffset: 0, size, anomalies: Array.from({ length: size }, (_, row) => row) }),
      {
        alertTopic: 'alerts',
        alertRules: alertRulesOf(testDefinition('checkout', 'orders').alerts),
        oncePerEvent: false,
      },
    );
    const when = Array.from({ length: 20 }, (_, i) => `bits < ${i}.0`).join(' || ');
    const body = Array.from({ length: 300 }, (_, i) => JSON.stringify(rule(`r${i}`, when))).join('\n---\n');
    const headers = { 'content-type': 'application/yaml' };
    const done = new AbortController();
    const asked = call('POST /v1/dry-run?from=2025-01-01T00:00:00Z', { body, headers }).finally(() => done.abort());
    let longestMs = 0;
    while (!done.signal.aborted) {
      const startMs = performance.now();
      await call('GET /readyz', { token: undefined });
      longestMs = Math.max(longestMs, performance.now() - startMs);
    }
    expect(codeOf(await asked)).toEqual([413, 'FLOWLINE_REQUEST_TOO_LARGE']);
    expect(longestMs).toBeLessThan(2_000);
  }, 60_000);
});
