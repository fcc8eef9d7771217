import { applyDetector, commitBatch, createToken, revokeToken } from '@flowline/db';
import { alertRulesOf } from '@flowline/operations';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';

import { startTestApi, type TestApi } from '../support/api.ts';
import { scoredBatch } from '../support/postgres-batch.ts';
import { startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
import { testDefinition } from '../support/scorer-model.ts';
import { until } from '../support/until.ts';

/** Server-sent event. */
interface Received {
  readonly id: string;
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
}

let postgres: TestPostgres;
let database: TestDatabase;
let api: TestApi;
let token: string;
const followers: AbortController[] = [];

beforeAll(async () => {
  postgres = await startPostgres();
  database = await postgres.createDatabase();
  for (const name of ['checkout', 'search']) await applyDetector(database.db, testDefinition(name, 'orders'));
  api = await startTestApi(database.db);
  token = await api.token({ scope: 'read' });
});
afterEach(() => {
  for (const follower of followers.splice(0)) follower.abort();
});
afterAll(async () => {
  await api.close();
  await postgres.stop();
});

/** Follows the stream; the list grows. */
async function follow(query = '', lastEventId?: string): Promise<readonly Received[]> {
  const follower = new AbortController();
  followers.push(follower);
  const headers = {
    authorization: `Bearer ${token}`,
    ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
  };
  const response = await fetch(`${api.url}/v1/stream${query}`, { headers, signal: follower.signal });
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream; charset=utf-8']);
  const received: Received[] = [];
  void read(response, received).catch(() => undefined);
  return received;
}

async function read({ body }: Response, received: Received[]): Promise<void> {
  let text = '';
  for await (const chunk of (body ?? new ReadableStream()).pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const blocks = text.split('\n\n');
    text = blocks.pop() ?? '';
    for (const block of blocks) {
      const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1] ?? '';
      if (field('event') !== '')
        received.push({ id: field('id'), event: field('event'), data: JSON.parse(field('data')) as never });
    }
  }
}

const rules = alertRulesOf(testDefinition('checkout', 'orders').alerts);
const commit = (detector: string, first: number) =>
  commitBatch(database.db, scoredBatch({ detector, first, fromOffset: first, size: 2, anomalies: [1] }), {
    ...{ alertTopic: 'alerts', alertRules: rules, oncePerEvent: false },
  });
const offsetsOf = (received: readonly Received[]) =>
  received.filter(({ event }) => event === 'anomaly').map(({ data }) => Number(data.offset));

describe('the stream', () => {
  it('tells anomalies and alerts of the detectors that a client follows, once', async () => {
    const [all, ours] = [await follow(), await follow('?detector=checkout')];
    await commit('checkout', 0);
    await commit('search', 0);
    await commit('checkout', 2);
    await until('the news come', () => all.length >= 6, { timeoutMs: 20_000 });
    expect(offsetsOf(all).sort()).toEqual([1, 1, 3]);
    expect(all.filter(({ event }) => event === 'alert')).toHaveLength(3);
    expect(new Set(ours.map(({ data }) => data.detector))).toEqual(new Set(['checkout']));
    expect(offsetsOf(ours)).toEqual([1, 3]);
  });

  it('goes on after the last event that a client has seen', async () => {
    const before = await follow('?detector=checkout');
    await commit('checkout', 4);
    await until('the news come', () => before.length >= 2, { timeoutMs: 20_000 });
    const last = before.at(-1)?.id ?? '';
    for (const follower of followers.splice(0)) follower.abort();
    await commit('checkout', 6);
    const after = await follow('?detector=checkout', last);
    await commit('checkout', 8);
    await until('the news come', () => offsetsOf(after).includes(9), { timeoutMs: 20_000 });
    expect(offsetsOf(after).filter((offset) => offset > 5)).toEqual([7, 9]);
  });

  it('ends when its token is revoked', async () => {
    const made = await createToken(database.db, { name: 'gone', scope: 'read', detectors: null, expiresAt: null });
    const response = await fetch(`${api.url}/v1/stream`, { headers: { authorization: `Bearer ${made.text}` } });
    let ended = false;
    void response.text().then(() => (ended = true));
    await revokeToken(database.db, made.token.tokenId);
    await until('the stream ends', () => ended, { timeoutMs: 30_000 });
    expect(response.status).toBe(200);
  }, 40_000);

  it('refuses an id that it never gave', async () => {
    const { status, body } = await api.call('GET /v1/stream', { token, headers: { 'last-event-id': 'x' } });
    expect([status, body.code]).toEqual([400, 'FLOWLINE_REQUEST_INVALID']);
  });
});
