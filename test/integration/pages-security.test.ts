import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import path from 'node:path';

import { applyDetector, commitBatch, createTicket, findToken } from '@flowline/db';
import { alertRulesOf } from '@flowline/operations';
import { createLogger } from '@flowline/telemetry';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { startTestApi, type TestApi } from '../support/api.ts';
import { scoredBatch } from '../support/postgres-batch.ts';
import { startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
import { testDefinition } from '../support/scorer-model.ts';
import { until } from '../support/until.ts';

let postgres: TestPostgres;
let database: TestDatabase;
let api: TestApi;
let token: string;

const PAGE = { 'x-flowline-page': '1' };
const lines: string[] = [];

beforeAll(async () => {
  postgres = await startPostgres();
  database = await postgres.createDatabase();
  const definition = testDefinition('checkout', 'orders');
  await applyDetector(database.db, definition);
  await commitBatch(database.db, scoredBatch({ detector: 'checkout', size: 4, anomalies: [1] }), {
    ...{ alertTopic: 'alerts', alertRules: alertRulesOf(definition.alerts), oncePerEvent: false },
  });
  const logger = createLogger({ name: 'api', level: 'trace', destination: { write: (line) => lines.push(line) } });
  api = await startTestApi(database.db, { logger });
  token = await api.token({ scope: 'operate' });
});
afterAll(async () => {
  await api.close();
  await postgres.stop();
});

/** Name of a file that the pages load. */
async function assetOf(ending: string): Promise<string> {
  const text = await (await fetch(`${api.url}/ui/`)).text();
  return new RegExp(`/ui/assets/[\\w-]+\\.${ending}`).exec(text)?.[0] ?? 'none';
}

type Fetched = readonly [method: string, path: string, init: RequestInit, status: number];

/** Every kind of response: of the pages, of the API, and of errors. */
async function kinds(): Promise<readonly Fetched[]> {
  const bearer = { authorization: `Bearer ${token}` };
  return [
    ['GET', '/ui/', {}, 200],
    ['GET', '/ui/detectors/checkout', {}, 200],
    ['HEAD', '/ui/', {}, 200],
    ['GET', await assetOf('js'), {}, 200],
    ['GET', await assetOf('css'), {}, 200],
    ['GET', await assetOf('svg'), {}, 200],
    ['GET', '/ui/assets/none.js', {}, 404],
    ['GET', '/ui/assets/..%2f..%2fpackage.json', {}, 404],
    ['GET', '/', {}, 302],
    ['GET', '/ui', {}, 302],
    ['POST', '/ui/', {}, 405],
    ['GET', '/ui/session', {}, 401],
    ['POST', '/ui/session', { headers: PAGE, body: 'token=x' }, 400],
    ['POST', '/ui/session', { headers: { ...PAGE, 'content-type': 'application/json' }, body: '{}' }, 400],
    ['GET', '/v1/detectors', {}, 401],
    ['GET', '/v1/detectors', { headers: bearer }, 200],
    ['GET', '/v1/stream', { headers: bearer }, 200],
    ['GET', '/v1/none', {}, 404],
    ['GET', '/%zz', {}, 400],
    ['GET', '/v1/detectors?limit=many', { headers: bearer }, 400],
    ['GET', '/metrics', { headers: bearer }, 200],
    ['GET', '/openapi.json', {}, 200],
    ['GET', '/readyz', {}, 200],
  ];
}

describe('a response of any kind', () => {
  it('is taken as its type, framed by nobody, and tells nobody where it came from', async () => {
    for (const [method, address, init, status] of await kinds()) {
      const ending = new AbortController();
      const response = await fetch(api.url + address, { method, redirect: 'manual', signal: ending.signal, ...init });
      const { headers } = response;
      const policy = headers.get('content-security-policy') ?? '';
      expect({
        ...{ method, address, status: response.status, sniff: headers.get('x-content-type-options') },
        ...{ frame: headers.get('x-frame-options'), referrer: headers.get('referrer-policy') },
        ...{ resource: headers.get('cross-origin-resource-policy'), server: headers.get('server') },
        ...{ cors: headers.get('access-control-allow-origin'), isFramed: !policy.includes("frame-ancestors 'none'") },
        ...{ mayDoAnything: !policy.includes("default-src 'none'"), isUnsafe: policy.includes("'unsafe-") },
        isKept: !/no-store|no-cache|immutable/.test(headers.get('cache-control') ?? ''),
      }).toEqual({
        ...{ method, address, status, sniff: 'nosniff', frame: 'DENY', referrer: 'no-referrer' },
        ...{ resource: 'same-origin', server: null, cors: null, isFramed: false, mayDoAnything: false },
        ...{ isUnsafe: false, isKept: false },
      });
      ending.abort();
    }
  });

  it('has them for bytes that are no request, too', async () => {
    const text = await rawResponse('GET / HTTP/1.1\r\nhost x\r\n\r\n');
    expect(text).toMatch(/^HTTP\/1\.1 400 /);
    for (const header of ['x-content-type-options: nosniff', "content-security-policy: default-src 'none'"])
      expect(text).toContain(header);
  });

  it('lets scripts run in documents alone, and only those of the service', async () => {
    const policyOf = async (address: string) =>
      (await fetch(api.url + address)).headers.get('content-security-policy') ?? '';
    expect(await policyOf('/ui/')).toContain("script-src 'self' 'wasm-unsafe-eval'; ");
    for (const address of [await assetOf('svg'), await assetOf('js'), '/v1/none'])
      expect(await policyOf(address)).not.toContain('script-src');
  });
});

describe('a token', () => {
  it('is in no log, no metric, no audit and no table, however it comes', async () => {
    const { tokenId } = (await findToken(database.db, token)) ?? { tokenId: 0 };
    const ticket = await createTicket(database.db, tokenId);
    const sent: string[] = [token, ticket, 'flowline_wrong'];
    for (const given of sent) {
      const { headers } = await api.call('POST /ui/session', { body: { token: given }, headers: PAGE });
      const cookie = headers.get('set-cookie')?.split(';')[0] ?? '';
      if (cookie !== '') sent.push(cookie.slice(cookie.indexOf('=') + 1));
      await api.call('POST /v1/detectors/checkout/pause', { headers: { cookie, ...PAGE } });
      await api.call('POST /v1/detectors/checkout/resume', { token: given });
      // Whoever writes it into an address is refused, and not quoted.
      for (const address of [`/v1/detectors?token=${given}`, `/ui/session?token=${given}`, `/v1/none?token=${given}`])
        await api.call(`GET ${address}`, { headers: { cookie } });
    }
    expect(sent.length).toBeGreaterThan(4);
    await rawResponse(`GET / HTTP/1.1\r\nauthorization Bearer ${token}\r\n\r\n`);
    const metrics = await api.call('GET /metrics', { token });
    const audit = await database.query('SELECT row_to_json(a)::text AS row FROM flowline.audit_log a');
    const sessions = await database.query('SELECT row_to_json(s)::text AS row FROM flowline.api_sessions s');
    expect([lines.length > 0, audit.length > 0, sessions.length > 0]).toEqual([true, true, true]);
    const everything = [...lines, String(metrics.body.text), JSON.stringify(audit), JSON.stringify(sessions)].join(
      '\n',
    );
    for (const secret of sent.filter((one) => one.length > 20)) expect(everything).not.toContain(secret.slice(-30));
  });
});

describe('the limit of an address', () => {
  it('does not keep those who are signed in from their pages', async () => {
    const limited = await startTestApi(database.db, { limits: { perToken: 1_000, perAddress: 5 } });
    try {
      const opened = await limited.call('POST /ui/session', { body: { token }, headers: PAGE });
      const cookie = opened.headers.get('set-cookie')?.split(';')[0] ?? '';
      for (let i = 0; i < 10; i++) await limited.call('POST /ui/session', { body: { token: 'wrong' }, headers: PAGE });
      expect((await limited.call('POST /ui/session', { body: { token }, headers: PAGE })).status).toBe(429);
      expect((await limited.call('GET /v1/overview', { headers: { cookie } })).status).toBe(200);
      expect((await limited.call('GET /ui/session', { headers: { cookie } })).status).toBe(200);
    } finally {
      await limited.close();
    }
  });
});

describe('a token for several detectors', () => {
  it('follows the news of them, and of no other', async () => {
    for (const name of ['search', 'hidden']) await applyDetector(database.db, testDefinition(name, 'orders'));
    const several = await api.token({ scope: 'read', detectors: ['checkout', 'search'] });
    const ending = new AbortController();
    const follow = (query: string) =>
      fetch(`${api.url}/v1/stream${query}`, {
        headers: { authorization: `Bearer ${several}` },
        signal: ending.signal,
      });
    const statuses = await Promise.all(
      ['?detector=search', '?detector=hidden'].map(async (query) => (await follow(query)).status),
    );
    expect(statuses).toEqual([200, 403]);
    const { body } = await follow('');
    let told = '';
    const reading = (async () => {
      for await (const chunk of (body ?? new ReadableStream()).pipeThrough(new TextDecoderStream())) told += chunk;
    })().catch(() => undefined);
    for (const detector of ['hidden', 'search']) {
      await commitBatch(database.db, scoredBatch({ detector, size: 2, anomalies: [1] }), {
        ...{
          alertTopic: 'alerts',
          alertRules: alertRulesOf(testDefinition(detector, 'orders').alerts),
          oncePerEvent: false,
        },
      });
    }
    await until('the news are told', () => told.includes('"detector":"search"'), { timeoutMs: 10_000 });
    expect(told).not.toContain('hidden');
    ending.abort();
    await reading;
  });
});

describe('the image', () => {
  it('holds the built pages: they are built within it, and no build of this machine gets in', async () => {
    const root = path.resolve(import.meta.dirname, '../..');
    const [dockerfile, ignored, manifest] = await Promise.all(
      ['infra/docker/Dockerfile', '.dockerignore', 'services/api/package.json'].map((file) =>
        readFile(path.join(root, file), 'utf8'),
      ),
    );
    expect(dockerfile).toMatch(/^COPY services\/ services\/$/m);
    expect(dockerfile).toMatch(/^RUN npm run build && find .* -name src -type d -prune -exec rm/m);
    expect(dockerfile).toMatch(/^COPY --from=flowline-parts \/flowline\/services services\/$/m);
    expect(ignored).toContain('**/dist\n');
    const { dependencies } = JSON.parse(manifest ?? '{}') as { readonly dependencies: object };
    expect(Object.keys(dependencies)).toContain('@flowline/dashboard');
  });
});

/** Text of the response to bytes that are sent as they are. */
function rawResponse(bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(api.url).port), '127.0.0.1', () => socket.write(bytes));
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
    socket.once('error', reject);
    socket.once('close', () => resolve(text));
  });
}
