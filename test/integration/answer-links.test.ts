import { createHash } from 'node:crypto';
import { connect } from 'node:net';

import { type AlertLinks, alertLinks, feedbackToken, verdicts } from '@flowline/alerts';
import { commitBatch, listAudit, listFeedback, migrate } from '@flowline/db';
import { at } from '@flowline/events';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { startTestApi, type TestApi } from '../support/api.ts';
import { scoredBatch } from '../support/postgres-batch.ts';
import { freePort, startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
import { startApiService } from '../support/scorer-process.ts';
import { until } from '../support/until.ts';

const KEYS = ['k'.repeat(32), 'o'.repeat(32)] as const;
const HOSTILE = `<script>alert(1)</script>"'&\u202e\u0007<img src=x onerror=alert(2)>`;

let postgres: TestPostgres;
let database: TestDatabase;
let api: TestApi;
/** Alerts without answers, one for each test. */
let alertIds: string[];

beforeAll(async () => {
  postgres = await startPostgres();
  database = await postgres.createDatabase();
  await migrate(database.db);
  api = await startTestApi(database.db, { env: { FLOWLINE_LINK_KEY: KEYS.join() } });
  const batch = scoredBatch({ size: 20, anomalies: Array.from({ length: 20 }, (_, row) => row) });
  const anomalies = batch.anomalies.map((anomaly) => ({
    ...anomaly,
    alert: { ...anomaly.alert, summary: HOSTILE, event: { ...anomaly.alert.event, entity: HOSTILE } },
  }));
  await commitBatch(database.db, { ...batch, anomalies }, { alertTopic: 'alerts' });
  const rows = await database.query('SELECT alert_id::text AS id FROM flowline.v1_alerts');
  alertIds = rows.map(({ id }) => String(id));
});
afterAll(async () => {
  await api.close();
  await postgres.stop();
});

const nextAlert = (): string => {
  const id = alertIds.pop();
  if (id === undefined) throw new Error('no alert is left');
  return id;
};
const linksOf = (alertId: string, nowMs = Date.now()): Record<string, string> => {
  const { feedback }: AlertLinks = alertLinks({ publicUrl: '', keys: KEYS }, alertId, nowMs);
  return { ...feedback };
};
const linkOf = (alertId: string, verdict: string): string => linksOf(alertId)[verdict] ?? '';
const form = (fields: Readonly<Record<string, string>>) => ({
  method: 'POST',
  headers: { 'content-type': 'application/x-www-form-urlencoded' },
  body: new URLSearchParams(fields).toString(),
});

/** Sends bytes as they are; resolves when the server has closed the connection. */
function sendRaw(port: number, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.end(text));
    socket.resume();
    socket.once('error', reject);
    socket.once('close', () => resolve());
  });
}

async function visit(path: string, init: RequestInit = {}, server: Pick<TestApi, 'url'> = api) {
  const response = await fetch(server.url + path, init);
  return { status: response.status, headers: response.headers, text: await response.text() };
}
const answersTo = (alertId: string) => listFeedback(database.db, { alertId });
const auditSize = async (): Promise<number> =>
  Number((await database.query('SELECT count(*)::integer AS n FROM flowline.audit_log'))[0]?.n);

describe('the page of a link', () => {
  it('asks, and records nothing, however often it is fetched', async () => {
    const alertId = nextAlert();
    const before = await auditSize();
    for (let i = 0; i < 100; i++) {
      const link = linkOf(alertId, at(verdicts, i % verdicts.length));
      const method = i % 5 === 4 ? 'HEAD' : 'GET';
      const { status, text } = await visit(link, { method });
      expect([method, status, text.includes('<form method="post">')]).toEqual([method, 200, method === 'GET']);
    }
    expect(await answersTo(alertId)).toEqual([]);
    expect(await auditSize()).toBe(before);
  });

  it('names the alert, and takes no markup from what it says', async () => {
    const alertId = nextAlert();
    const { text } = await visit(linkOf(alertId, 'expected'));
    expect(text).toContain('checkout');
    expect(text).toContain(alertId);
    expect(text).toContain('&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;\\u202e\\u0007&lt;img');
    expect(text).not.toMatch(/<script|<img|\u202e/);
  });

  it('runs nothing, is kept nowhere, and keeps its address to itself', async () => {
    const { headers, text } = await visit(linkOf(nextAlert(), 'expected'));
    const policy = headers.get('content-security-policy') ?? '';
    const [, hash = ''] = /style-src ('sha256-[^']+')/.exec(policy) ?? [];
    expect(policy).toBe(
      `default-src 'none'; style-src ${hash}; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
    );
    const [, style = ''] = /<style>([\s\S]*?)<\/style>/.exec(text) ?? [];
    expect(hash).toBe(`'sha256-${createHash('sha256').update(style).digest('base64')}'`);
    expect(text).not.toMatch(/style="|onclick|javascript:|https?:/i);
    expect(Object.fromEntries(headers)).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'x-robots-tag': 'noindex, nofollow, noarchive',
    });
    expect(headers.get('set-cookie')).toBeNull();
  });
});

describe('the form of the page', () => {
  it('records the answer once, under the name that was typed, as the API does', async () => {
    const alertId = nextAlert();
    const link = linkOf(alertId, 'confirmed');
    const first = await visit(link, form({ name: ' ana <b> ', note: 'disk\r\nfull' }));
    expect([first.status, first.text]).toEqual([201, expect.stringContaining('Thank you')]);
    expect(first.text).toContain('link: ana &lt;b&gt;');
    const [stored, ...others] = await answersTo(alertId);
    expect(others).toEqual([]);
    expect(stored).toMatchObject({
      ...{ alertId, anomalyId: null, verdict: 'confirmed', by: 'link: ana <b>', note: 'disk\nfull', counts: true },
    });
    const confirmed = await database.query(
      'SELECT 1 FROM flowline.confirmed_events WHERE anomaly_id IN (SELECT anomaly_id FROM flowline.anomalies WHERE alert_id = $1)',
      [alertId],
    );
    expect(confirmed).toHaveLength(1);
    const [audited] = await listAudit(database.db, { limit: 1 });
    expect(audited).toMatchObject({
      ...{ actor: 'link: ana <b>', tokenId: null, action: 'POST /alerts/{alertId}/feedback/{verdict}' },
      ...{ target: `/alerts/${alertId}/feedback/confirmed`, detector: 'checkout', outcome: 201 },
      requestId: first.headers.get('x-request-id'),
    });

    const again = await visit(link, form({ name: 'bob' }));
    expect([again.status, again.text]).toEqual([200, expect.stringContaining('This link has been used')]);
    const page = await visit(link);
    expect([page.status, page.text.includes('<form')]).toEqual([200, false]);
    expect(await answersTo(alertId)).toHaveLength(1);
  });

  it('records once if it is sent many times at once, and does not undo a later answer', async () => {
    const alertId = nextAlert();
    const sent = await Promise.all(
      Array.from({ length: 12 }, (_, i) => visit(linkOf(alertId, 'expected'), form({ name: `n${i}` }))),
    );
    expect(sent.map(({ status }) => status).sort()).toEqual([...Array.from({ length: 11 }, () => 200), 201]);
    const asking = await visit(linkOf(alertId, 'false_alarm'));
    expect(asking.text).toMatch(/<strong>expected<\/strong>, by link: n\d+ .* Your answer would count in its place/);
    expect((await visit(linkOf(alertId, 'false_alarm'), form({ name: 'ana' }))).status).toBe(201);
    const replayed = await visit(linkOf(alertId, 'expected'), form({ name: 'n0' }));
    expect(replayed.text).toMatch(/Since then: <strong>false alarm<\/strong>, by link: ana/);
    expect((await answersTo(alertId)).map(({ verdict, counts }) => [verdict, counts])).toEqual([
      ['false_alarm', true],
      ['expected', false],
    ]);
    const tomorrow = linksOf(alertId, Date.now() + 86_400_000).expected ?? '';
    expect((await visit(tomorrow, form({ name: 'n0' }))).status).toBe(201);
  });

  it('needs a name, within bounds, in a form', async () => {
    const alertId = nextAlert();
    const link = linkOf(alertId, 'expected');
    const json = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"name":"ana"}' };
    const refused: readonly (readonly [RequestInit, string])[] = [
      [{ method: 'POST' }, 'This is not the form of the page'],
      [json, 'This is not the form of the page'],
      [form({}), 'Your name is missing'],
      [form({ name: ' \t' }), 'Your name is missing'],
      [form({ name: 'x'.repeat(101) }), 'The name has 101 characters'],
      [form({ name: 'ana', note: 'x'.repeat(1_001) }), 'The note has 1001 characters'],
    ];
    for (const [init, finding] of refused) {
      const { status, text } = await visit(link, init);
      expect([status, text]).toEqual([400, expect.stringContaining(finding)]);
    }
    const [audited] = await listAudit(database.db, { limit: 1 });
    expect(audited).toMatchObject({ actor: 'link', target: `/alerts/${alertId}/feedback/expected`, outcome: 400 });
    expect((await visit(link, form({ name: 'ana', note: 'x'.repeat(20_000) }))).status).toBe(413);
    expect(await answersTo(alertId)).toEqual([]);
    expect((await visit(link, form({ name: '名'.repeat(100), note: '記\0'.repeat(500) }))).status).toBe(201);
  });

  it('is taken under each key of a rotation, by the same link', async () => {
    const alertId = nextAlert();
    const older = (verdict: 'expected' | 'confirmed', endS: number) =>
      `/alerts/${alertId}/feedback/${verdict}?token=${feedbackToken({ alertId, verdict }, endS, KEYS[1])}`;
    const endS = Math.ceil(Date.now() / 1_000) + 3_600;
    expect((await visit(older('expected', endS), form({ name: 'ana' }))).status).toBe(201);
    const byFirst = `/alerts/${alertId}/feedback/expected?token=${feedbackToken({ alertId, verdict: 'expected' }, endS, KEYS[0])}`;
    expect((await visit(byFirst, form({ name: 'ana' }))).status).toBe(200);
  });
});

describe('a link that is not valid', () => {
  it.each(['GET', 'POST'])('is refused with a page of its own (%s)', async (method) => {
    const [alertId, other] = [nextAlert(), '00000000-0000-5000-8000-000000000000'];
    const link = linkOf(alertId, 'expected');
    const token = link.replace(/.*token=/, '');
    const purpose = { alertId, verdict: 'expected' } as const;
    const expired = feedbackToken(purpose, Math.floor(Date.now() / 1_000) - 1, KEYS[0]);
    const strange = feedbackToken(purpose, Math.floor(Date.now() / 1_000) + 60, 'x'.repeat(32));
    const path = `/alerts/${alertId}/feedback/expected`;
    const found: Record<string, number> = {};
    const visits: Record<string, string> = {
      'no token': path,
      'two tokens': `${link}&token=${token}`,
      forged: `${path}?token=${strange}`,
      'of another verdict': link.replace('/expected', '/confirmed'),
      'of another alert': link.replace(alertId, other),
      expired: `${path}?token=${expired}`,
      'of an alert that is gone': linkOf(other, 'expected'),
      'of no verdict': link.replace('/expected', '/perhaps'),
      'of no alert': link.replace(alertId, 'x'),
      'in capitals': link.replace(alertId, alertId.toUpperCase()),
    };
    const before = await listFeedback(database.db, { limit: 1_000 });
    for (const [name, url] of Object.entries(visits)) {
      const init = method === 'POST' ? form({ name: 'ana' }) : {};
      const { status, text, headers } = await visit(url, init);
      expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
      expect(text).toContain('Nothing was recorded');
      expect(text).not.toContain(token);
      found[name] = status;
    }
    expect(found).toEqual({
      ...{ 'no token': 403, 'two tokens': 403, forged: 403, expired: 410 },
      ...{ 'of another verdict': 403, 'of another alert': 403, 'of an alert that is gone': 404 },
      ...{ 'of no verdict': 404, 'of no alert': 404, 'in capitals': 404 },
    });
    expect(await listFeedback(database.db, { limit: 1_000 })).toEqual(before);
  });

  it('is any, where there is no key', async () => {
    const keyless = await startTestApi(database.db);
    try {
      const { status, text } = await visit(linkOf(nextAlert(), 'expected'), {}, keyless);
      expect([status, text]).toEqual([404, expect.stringContaining('FLOWLINE_LINK_KEY is not set')]);
    } finally {
      await keyless.close();
    }
  });

  it('takes no other method', async () => {
    const link = linkOf(nextAlert(), 'expected');
    for (const method of ['PUT', 'DELETE', 'PATCH']) {
      const { status, headers } = await visit(link, { method });
      expect([method, status, headers.get('allow')]).toEqual([method, 405, 'GET, POST']);
    }
  });
});

describe('the page of an alert', () => {
  it('says where it is, and nothing about it, whether it exists or not', async () => {
    const alertId = nextAlert();
    const { status, text } = await visit(`/alerts/${alertId}`);
    expect([status, text]).toEqual([200, expect.stringContaining(`flowline alerts show ${alertId}`)]);
    const other = '00000000-0000-5000-8000-000000000000';
    expect((await visit(`/alerts/${other}`)).text).toBe(text.replaceAll(alertId, other));
    expect((await visit('/alerts/<script>')).status).toBe(404);
  });
});

describe('a header of a proxy', () => {
  it('does not matter to a page', async () => {
    const headers = { authorization: 'Basic YTpi' };
    expect((await visit(linkOf(nextAlert(), 'expected'), { headers })).status).toBe(200);
    expect((await visit('/healthz', { headers })).status).toBe(401);
  });
});

describe('the token of a link', () => {
  it('is in no log and no table, whatever happens to its request', async () => {
    const port = await freePort();
    const service = startApiService(['--port', String(port)], {
      ...{ FLOWLINE_DATABASE_URL: database.url, FLOWLINE_LINK_KEY: KEYS[0], FLOWLINE_LOG_LEVEL: 'trace' },
    });
    try {
      const server = { url: `http://127.0.0.1:${port}` };
      await until(
        'the API is ready',
        async () => (await fetch(`${server.url}/readyz`).catch(() => null))?.status === 200,
      );
      const link = linkOf(nextAlert(), 'expected');
      const statuses = [(await visit(link, form({ name: 'ana' }), server)).status];
      await database.query('ALTER TABLE flowline.feedback RENAME TO away');
      statuses.push((await visit(link, {}, server)).status, (await visit(link, form({ name: 'ana' }), server)).status);
      await database.query('ALTER TABLE flowline.away RENAME TO feedback');
      statuses.push((await visit(`${link}%zz`, {}, server)).status, (await visit(`/x${link}`, {}, server)).status);
      expect(statuses).toEqual([201, 500, 500, 403, 404]);
      await sendRaw(port, `GET ${link} HTTP/9.9\r\n\r\n`);
      const signature = link.slice(-43);
      await until('the failures are logged', () => service.stderr().split('a request failed').length >= 3);
      expect(service.stderr()).toContain('a request is not HTTP');
      expect(service.stderr()).not.toContain(signature);
      const audited = await database.query('SELECT row_to_json(a)::text AS row FROM flowline.audit_log a');
      const stored = await database.query('SELECT row_to_json(f)::text AS row FROM flowline.feedback f');
      expect(audited.length * stored.length).toBeGreaterThan(0);
      expect(JSON.stringify([audited, stored])).not.toContain(signature);
    } finally {
      service.child.kill('SIGKILL');
    }
  });
});

describe('limits of links', () => {
  it('hold per client for whatever is fetched, and per alert for answers of anybody with a link', async () => {
    const limited = await startTestApi(database.db, {
      limits: { perToken: 1_000, perAddress: 20, answersPerAlert: 3 },
      env: { FLOWLINE_LINK_KEY: KEYS[0] },
    });
    try {
      const [alertId, other] = [nextAlert(), nextAlert()];
      const statuses: number[] = [];
      const post = async (url: string) => statuses.push((await visit(url, form({ name: 'ana' }), limited)).status);
      // Those without a signature use up nothing of the alert.
      for (let i = 0; i < 5; i++) await post(`/alerts/${alertId}/feedback/expected?token=x`);
      for (const verdict of verdicts) await post(linkOf(alertId, verdict));
      await post(linkOf(other, 'expected'));
      expect(statuses).toEqual([403, 403, 403, 403, 403, 201, 201, 201, 429, 201]);
      expect(await answersTo(alertId)).toHaveLength(3);
      const fetched: number[] = [];
      for (let i = 0; i < 12; i++) fetched.push((await visit(linkOf(other, 'confirmed'), {}, limited)).status);
      expect(fetched).toEqual([...Array.from({ length: 10 }, () => 200), 429, 429]);
    } finally {
      await limited.close();
    }
  });
});
