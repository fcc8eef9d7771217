import { applyDetector, commitBatch, createTicket, createToken, findToken, revokeToken } from '@flowline/db';
import { alertRulesOf } from '@flowline/operations';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { startTestApi, type TestApi } from '../support/api.ts';
import { EVENT_EPOCH_MS, scoredBatch } from '../support/postgres-batch.ts';
import { startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
import { testDefinition } from '../support/scorer-model.ts';

let postgres: TestPostgres;
let database: TestDatabase;
let api: TestApi;
let token: string;

const PAGE = { 'x-flowline-page': '1' };

beforeAll(async () => {
  postgres = await startPostgres();
  database = await postgres.createDatabase();
  await applyDetector(database.db, testDefinition('checkout', 'orders'));
  api = await startTestApi(database.db);
  token = await api.token({ scope: 'read' });
});
afterAll(async () => {
  await api.close();
  await postgres.stop();
});

/** Exchanges a token or a ticket. */
const exchange = (given: string, headers: Readonly<Record<string, string>> = PAGE) =>
  api.call('POST /ui/session', { body: { token: given }, headers });

/** Cookie of a session. */
async function sessionOf(given: string): Promise<string> {
  const { headers } = await exchange(given);
  return headers.get('set-cookie')?.split(';')[0] ?? '';
}

describe('a session', () => {
  it('has the rights of the token that it is exchanged for, and no script can read it', async () => {
    const { status, body, headers } = await exchange(token);
    expect([status, body.scope]).toEqual([201, 'read']);
    expect(headers.get('set-cookie')).toMatch(/^flowline_session=session_\S{43}; .*HttpOnly; SameSite=Strict$/);
    const cookie = await sessionOf(token);
    const read = await api.call('GET /v1/detectors', { headers: { cookie } });
    const acted = await api.call('POST /v1/detectors/checkout/pause', { headers: { cookie, ...PAGE } });
    expect([read.status, acted.status, acted.body.code]).toEqual([200, 403, 'FLOWLINE_FORBIDDEN']);
  });

  it('changes something only from a page of this service', async () => {
    const cookie = await sessionOf(await api.token({ scope: 'operate' }));
    const pause = (headers: Readonly<Record<string, string>>) =>
      api.call('POST /v1/detectors/checkout/pause', { headers: { cookie, ...headers } });
    expect((await pause({})).status).toBe(403);
    expect((await pause({ ...PAGE, 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    expect((await pause({ ...PAGE, 'sec-fetch-site': 'same-origin' })).status).toBe(200);
    expect((await api.call('POST /v1/detectors/checkout/resume', { headers: { cookie, ...PAGE } })).status).toBe(200);
    expect((await exchange(token, {})).status).toBe(403);
  });

  it('is for TLS alone where the page came through it', async () => {
    const { headers } = await exchange(token, { ...PAGE, origin: 'https://flowline.example' });
    expect(headers.get('set-cookie')).toMatch(/; Secure$/);
  });

  it('ends with its token, and when somebody signs out', async () => {
    const made = await createToken(database.db, { name: 'short', scope: 'read', detectors: null, expiresAt: null });
    const [first, second] = [await sessionOf(made.text), await sessionOf(made.text)];
    const seen = async (cookie: string) => (await api.call('GET /ui/session', { headers: { cookie } })).status;
    expect([await seen(first), await seen(second)]).toEqual([200, 200]);
    expect((await api.call('DELETE /ui/session', { headers: { cookie: first, ...PAGE } })).status).toBe(204);
    expect([await seen(first), await seen(second)]).toEqual([401, 200]);
    await revokeToken(database.db, made.token.tokenId);
    expect(await seen(second)).toBe(401);
    const stream = await api.call('GET /v1/stream', { headers: { cookie: second } });
    expect(stream.status).toBe(401);
  });

  it('ends after its time', async () => {
    const cookie = await sessionOf(token);
    await database.query(`UPDATE flowline.api_sessions SET expires_at = now() - interval '1 second'`);
    expect((await api.call('GET /v1/detectors', { headers: { cookie } })).status).toBe(401);
    // The next one clears what has ended.
    await exchange(token);
    expect(await database.query('SELECT count(*)::int AS left FROM flowline.api_sessions')).toEqual([{ left: 1 }]);
  });

  it('stores neither its text nor that of a ticket', async () => {
    const cookie = await sessionOf(token);
    const found = await database.query(`SELECT encode(hash, 'escape') AS hash FROM flowline.api_sessions`);
    expect(JSON.stringify(found)).not.toContain(cookie.split('=')[1]);
  });

  it('is not given for any other text', async () => {
    for (const given of ['x', `ticket_${'A'.repeat(43)}`, `flowline_${'A'.repeat(43)}`]) {
      const { status, body } = await exchange(given);
      expect([status, body.code]).toEqual([401, 'FLOWLINE_UNAUTHENTICATED']);
    }
    expect((await api.call('POST /ui/session', { body: '{', headers: PAGE })).status).toBe(400);
  });
});

describe('an exchange', () => {
  it('counts against the limit of its address: nobody tries tokens for long', async () => {
    const limited = await startTestApi(database.db, { limits: { perToken: 1_000, perAddress: 3 } });
    try {
      const tries: number[] = [];
      for (let i = 0; i < 5; i++) {
        const { status } = await limited.call('POST /ui/session', { body: { token: 'wrong' }, headers: PAGE });
        tries.push(status);
      }
      expect(tries).toEqual([401, 401, 401, 429, 429]);
    } finally {
      await limited.close();
    }
  });
});

describe('a ticket', () => {
  it('is exchanged once, and is no token', async () => {
    const { tokenId } = (await findToken(database.db, token)) ?? { tokenId: 0 };
    const ticket = await createTicket(database.db, tokenId);
    expect((await api.call('GET /v1/detectors', { token: ticket })).status).toBe(401);
    const tries = await Promise.all([exchange(ticket), exchange(ticket), exchange(ticket)]);
    expect(tries.map(({ status }) => status).sort()).toEqual([201, 401, 401]);
  });

  it('ends', async () => {
    const { tokenId } = (await findToken(database.db, token)) ?? { tokenId: 0 };
    expect((await exchange(await createTicket(database.db, tokenId, -1))).status).toBe(401);
  });
});

describe('the pages', () => {
  it('run nothing but their own files, and are shown in no other page', async () => {
    const { status, headers, body } = await api.call('GET /ui/detectors/checkout?from=x');
    expect(status).toBe(200);
    const policy = headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain('unsafe-inline');
    expect(String(body.text)).not.toMatch(/<script(?![^>]* src=)|<style|\son\w+=|style="/);
  });

  it('are compressed, and their files are kept for good: their names have hashes', async () => {
    const { body } = await api.call('GET /ui/');
    const [script = ''] = /\/ui\/assets\/[\w-]+\.js/.exec(String(body.text)) ?? [];
    const { status, headers } = await api.call(`GET ${script}`, { headers: { 'accept-encoding': 'br' } });
    expect([status, headers.get('content-encoding')]).toEqual([200, 'br']);
    expect(headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect((await api.call('GET /ui/assets/none.js')).status).toBe(404);
    expect((await api.call('GET /ui/assets/..%2Findex.html')).status).toBe(404);
    expect((await api.call('POST /ui/')).status).toBe(405);
  });

  it('are where the API is', async () => {
    const { status, headers } = await fetch(api.url, { redirect: 'manual' });
    expect([status, headers.get('location')]).toEqual([302, '/ui/']);
  });
});

const rules = {
  alertTopic: 'alerts',
  alertRules: alertRulesOf(testDefinition('checkout', 'orders').alerts),
  oncePerEvent: false,
};

describe('the timeline', () => {
  it('has every scored event once, whatever is stored again', async () => {
    const batch = scoredBatch({ detector: 'checkout', size: 6, anomalies: [1] });
    await commitBatch(database.db, batch, rules);
    await commitBatch(database.db, batch, rules);
    await commitBatch(database.db, scoredBatch({ detector: 'checkout', first: 4, fromOffset: 4, size: 6 }), rules);
    const { status, body } = await api.call('GET /v1/detectors/checkout/timeline', { token });
    expect(status).toBe(200);
    const { buckets, marks, seconds } = body as unknown as {
      readonly buckets: readonly { readonly at: string; readonly events: number; readonly maxBits: number }[];
      readonly marks: readonly { readonly modelVersion: number }[];
      readonly seconds: number;
    };
    expect(buckets.reduce((sum, { events }) => sum + events, 0)).toBe(10);
    expect([seconds, marks.map(({ modelVersion }) => modelVersion)]).toEqual([60, [1]]);
    expect(new Date(buckets.at(0)?.at ?? '').getTime()).toBe(Math.floor(EVENT_EPOCH_MS / 60_000) * 60_000);
  });

  it('counts p-values and alarms of the same events', async () => {
    const counts = await api.call('GET /v1/detectors/checkout/p-values', { token });
    expect(counts.body).toMatchObject({ events: 10 });
    expect((counts.body.cells as number[]).length).toBe(20);
    const alarms = await api.call('GET /v1/detectors/checkout/alarms', { token });
    expect(alarms.body.days).toMatchObject([{ day: '2026-01-01', events: 10, expected: expect.any(Number) }]);
  });

  it('refuses a range that ends before it begins, and another detector', async () => {
    const late = '?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z';
    expect((await api.call(`GET /v1/detectors/checkout/timeline${late}`, { token })).status).toBe(400);
    expect((await api.call('GET /v1/detectors/none/timeline', { token })).status).toBe(404);
  });

  it('goes when the source of its scores goes', async () => {
    await database.query(`SELECT flowline.delete_scored_events('checkout')`);
    const { body } = await api.call('GET /v1/detectors/checkout/timeline', { token });
    expect([body.buckets, body.stored]).toEqual([[], null]);
  });
});

describe('the anomalies of the timeline', () => {
  interface Points {
    readonly from: string;
    readonly points: readonly Readonly<Record<string, unknown>>[];
  }
  const pointsOf = async (query = ''): Promise<Points> => {
    const { body } = await api.call(`GET /v1/detectors/marked/timeline/anomalies${query}`, { token });
    return body as unknown as Points;
  };

  it('are what a chart draws of them, the most surprising first', async () => {
    await applyDetector(database.db, testDefinition('marked', 'orders'));
    const batch = scoredBatch({ detector: 'marked', size: 5, anomalies: [1, 2, 4] });
    const anomalies = batch.anomalies.map((each) => ({
      ...each,
      alert: { ...each.alert, score: { ...each.alert.score, surpriseBits: 20 + each.row } },
    }));
    await commitBatch(database.db, { ...batch, anomalies }, rules);
    const listed = await api.call('GET /v1/anomalies?detector=marked', { token });
    const items = listed.body.items as readonly Readonly<Record<string, unknown>>[];
    const { from, points } = await pointsOf();
    expect(from).toBe(new Date(EVENT_EPOCH_MS).toISOString());
    // Listed, the latest are first; here, the latest are the most surprising.
    expect(points).toEqual(
      items.map(({ anomalyId, eventTime, surpriseBits }) => ({ anomalyId, eventTime, surpriseBits })),
    );
    expect(points).toHaveLength(3);
  });

  it('are those of a range, of a detector that the token is for', async () => {
    const second = (count: number): string => new Date(EVENT_EPOCH_MS + count * 1_000).toISOString();
    expect((await pointsOf(`?from=${second(1)}&to=${second(4)}`)).points).toHaveLength(2);
    expect((await pointsOf('?limit=1')).points).toMatchObject([{ surpriseBits: 24 }]);
    const path = 'GET /v1/detectors/marked/timeline/anomalies';
    const other = await api.token({ scope: 'read', detectors: ['checkout'] });
    expect((await api.call(path, { token: other })).status).toBe(403);
    expect((await api.call(`${path}?limit=1001`, { token })).status).toBe(400);
  });
});

describe('the overview', () => {
  it('has the detectors that a token is for', async () => {
    await applyDetector(database.db, testDefinition('search', 'orders'));
    const only = await api.token({ scope: 'read', detectors: ['search'] });
    const names = async (given: string) => {
      const { body } = await api.call('GET /v1/overview', { token: given });
      return (body.items as { readonly detector: string }[]).map(({ detector }) => detector);
    };
    expect(await names(token)).toEqual(['checkout', 'marked', 'search']);
    expect(await names(only)).toEqual(['search']);
  });
});

describe('the definition', () => {
  it('is read as a file, and compared without being applied', async () => {
    const { body } = await api.call('GET /v1/detectors/checkout/document', { token });
    const text = String(body.text);
    const diff = async (document: string) =>
      api.call('POST /v1/detectors/checkout/diff', {
        token,
        body: document,
        headers: { 'content-type': 'application/yaml' },
      });
    expect((await diff(text)).body).toMatchObject({ isNew: false, changes: [] });
    const changed = await diff(text.replace(/^metadata:\n {2}name: checkout$/m, '$&\n  labels: { team: shop }'));
    expect(changed.body.changes).toEqual([expect.objectContaining({ path: 'metadata.labels.team', to: 'shop' })]);
    expect((await diff('kind: Detector')).status).toBe(422);
    expect((await api.call('GET /v1/detectors/checkout', { token })).body.version).toBe(1);
  });
});

describe('the counts of scores', () => {
  it('have every event, however surprising, and the models that scored it', async () => {
    await applyDetector(database.db, testDefinition('counts', 'orders'));
    const bits = [0, 0.5, 1.5, 19.5, 20.5, 20.9, 30.5, 200];
    const batch = scoredBatch({ detector: 'counts', size: bits.length });
    const pValues = Float64Array.from(bits, (each) => 2 ** -each);
    await commitBatch(database.db, { ...batch, pValues }, rules);
    const later = { first: 100, fromOffset: bits.length, size: 2, modelVersion: 2, detector: 'counts' };
    await commitBatch(database.db, scoredBatch(later), rules);
    const { body } = await api.call('GET /v1/detectors/counts/p-values', { token });
    const found = (body.bits as number[]).flatMap((events, cell) => (events === 0 ? [] : [[cell, events]]));
    // The later ones have p = 1 and 1/2: 0 bits and 1.
    expect(found).toEqual([0, 1, 19, 20, 30, 63].map((cell) => [cell, { 0: 3, 1: 2, 20: 2 }[cell] ?? 1]));
    expect((body.cells as number[]).reduce((sum, events) => sum + events, 0)).toBe(10);
    expect((body.cells as number[]).at(0)).toBe(5);
    const marksOf = async (query: string) => {
      const answer = await api.call(`GET /v1/detectors/counts/timeline${query}`, { token });
      return (answer.body.marks as { readonly at: string; readonly modelVersion: number }[]).map(
        ({ at, modelVersion }) => [new Date(at).getTime() - EVENT_EPOCH_MS, modelVersion],
      );
    };
    expect(await marksOf('')).toEqual([
      [0, 1],
      [60_000, 2],
    ]);
    expect(await marksOf(`?from=${new Date(EVENT_EPOCH_MS + 60_000).toISOString()}`)).toEqual([[60_000, 2]]);
  });
});
