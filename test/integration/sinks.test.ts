import type { ServerResponse } from 'node:http';

import { type AlertMessage, alertMessageSchema, type AlertRules } from '@flowline/alerts';
import type { Settings } from '@flowline/config';
import {
  applyResource,
  claimForSink,
  commitBatch,
  explainDeferred,
  listDeadAlerts,
  listWaitingAlerts,
  redriveDeadAlerts,
  settleClaim,
  waitingSinks,
} from '@flowline/db';
import { at, type Explanation } from '@flowline/events';
import { createMetrics, silentLogger } from '@flowline/telemetry';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { type Received, startServer, type TestServer } from '../../libs/sinks/src/testing/http-server.ts';
import { type Alerts, openAlerts } from '../../services/scorer/src/alerts/open-alerts.ts';
import { findAlertmanager, startAlertmanager } from '../support/alertmanager.ts';
import { startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
import { deferring, scoredBatch } from '../support/postgres-batch.ts';
import { until } from '../support/until.ts';

let postgres: TestPostgres;
let database: TestDatabase;
const servers: TestServer[] = [];
const running: Alerts[] = [];

beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.stop());
beforeEach(async () => {
  database = await postgres.createDatabase();
});
afterEach(async () => {
  const closing = running.splice(0).map((alerts) => alerts.close());
  await Promise.all(servers.splice(0).map((server) => server.close()));
  await Promise.all(closing);
});

/** A webhook that answers as the test says, applied as a sink. */
async function hook(name: string, answer: (request: Received, response: ServerResponse) => void) {
  const server = await startServer(answer);
  servers.push(server);
  const webhook = { url: server.url, allow: ['127.0.0.1'], timeout: '1s' };
  await applyResource(database.db, { kind: 'Sink', name, spec: { webhook, retryFor: '1d' } });
  return server;
}

const answers = (status: number) => (_request: Received, response: ServerResponse) => {
  response.writeHead(status).end();
};

/** Stores a batch whose anomalies are alerts of their own, one message each, for sinks. */
const store = (size: number, sinks: readonly string[], first = 0) =>
  commitBatch(database.db, scoredBatch({ first, size, anomalies: Array.from({ length: size }, (_, row) => row) }), {
    alertTopic: null,
    alertSinks: sinks.map((sink) => ({ sink, topic: '' })),
  });

/** Starts the relay of a scorer of the detector, with links in its messages or without. */
function relay(links?: Settings['links']): Alerts {
  const parts = {
    ...{ db: database.db, logger: silentLogger, metrics: createMetrics({ processMetrics: false }) },
    ...(links === undefined ? {} : { settings: { links } }),
  };
  const kafka = () => {
    throw new Error('no broker');
  };
  const alerts = openAlerts({ ...parts, kafka }, 'sinks', () => ({ detectors: ['checkout'], topics: ['orders'] }));
  if (alerts === null) throw new Error('no relay');
  running.push(alerts);
  return alerts;
}

const explained: Explanation = {
  contributions: [{ feature: 'amount', bits: 12.5, direction: 'high' }],
  expected: { amount: { median: 2, p05: 1, p95: 3 } },
  ...{ nearestNormal: null, summary: 'explained' },
};

const idsOf = (requests: readonly Received[]) => requests.map(({ headers }) => String(headers['idempotency-key']));
const waitingFor = async (sink: string) => (await listWaitingAlerts(database.db)).find((queue) => queue.sink === sink);

describe('messages for sinks', () => {
  it('wait for their explanation, also those that an outage has made old', async () => {
    const ops = await hook('ops', answers(200));
    await commitBatch(database.db, deferring(2, [1]), { alertTopic: null, alertSinks: [{ sink: 'ops', topic: '' }] });
    await database.query(`UPDATE flowline.alert_outbox SET created_at = now() - interval '1 hour'`);
    relay();
    await until('the one that is explained', () => Promise.resolve(ops.received.length === 1));
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    expect(ops.received).toHaveLength(1);
    expect(await waitingFor('ops')).toMatchObject({ waiting: 1, error: 'it waits for its explanation' });
    await explainDeferred(database.db, 'checkout', 9, (found) => Promise.resolve(found.map(() => explained)));
    await until('the other', () => Promise.resolve(ops.received.length === 2));
    const [, last] = ops.received.map(({ body }) => JSON.parse(body) as AlertMessage);
    expect(last).toMatchObject({ ...explained, explanation: 'complete', event: { offset: 1 } });
  });

  it('arrive once each, past sinks that fail, hang, are gone, are busy or are not there', async () => {
    const taken: string[] = [];
    let seed = 7;
    const isUnlucky = () => (seed = (seed * 16_807) % 2_147_483_647) % 10 < 3;
    await hook('flaky', ({ headers }, response) => {
      const fails = isUnlucky();
      if (!fails) taken.push(String(headers['idempotency-key']));
      response.writeHead(fails ? 503 : 200).end();
    });
    const hangs = await hook('hangs', () => undefined);
    const gone = await hook('gone', answers(410));
    const asked: number[] = [];
    const busy = await hook('busy', (_request, response) => {
      asked.push(Date.now());
      response.writeHead(asked.length <= 8 ? 429 : 204, { 'retry-after': '2' }).end();
    });
    await store(40, ['flaky', 'hangs', 'gone', 'busy', 'missing']);
    relay();
    await until('everything that can arrive', async () => {
      const left = [await waitingFor('flaky'), await waitingFor('busy'), await waitingFor('gone')];
      return left.every((queue) => queue === undefined);
    });
    expect(new Set(taken).size).toBe(40);
    expect(taken).toHaveLength(40);
    expect(new Set(idsOf(busy.received))).toEqual(new Set(taken));
    // None of the eight that were told to wait came back earlier.
    expect(busy.received).toHaveLength(48);
    expect(await listDeadAlerts(database.db, { limit: 100 })).toHaveLength(40);
    expect((await listDeadAlerts(database.db))[0]).toMatchObject({ sink: 'gone', error: 'sink gone answered 410' });
    expect(gone.received).toHaveLength(40);
    expect(hangs.received.length).toBeGreaterThan(0);
    expect(await waitingFor('hangs')).toMatchObject({ waiting: 40, error: 'sink hangs cannot be reached: timeout' });
    await until('a reason', async () => (await waitingFor('missing'))?.error !== null);
    expect(await waitingFor('missing')).toMatchObject({
      waiting: 40,
      error: 'There is no sink missing; its messages wait.',
    });
  });

  it('are sent once their sink is there, or mended, or redriven', async () => {
    await hook('team', answers(404));
    await store(3, ['team', 'late']);
    relay();
    await until('set aside', async () => (await listDeadAlerts(database.db)).length === 3);
    const late = await hook('late', answers(200));
    const team = await hook('team', answers(200));
    expect(await redriveDeadAlerts(database.db, 'checkout')).toBe(3);
    await until('nothing waits', async () => (await listWaitingAlerts(database.db)).length === 0, {
      timeoutMs: 60_000,
    });
    expect([late.received.length, team.received.length]).toEqual([3, 3]);
    expect(new Set(idsOf(late.received))).toEqual(new Set(idsOf(team.received)));
  });

  it('are sent in the order of their alert, whatever fails', async () => {
    let requests = 0;
    const arrived: AlertMessage[] = [];
    await hook('team', ({ body }, response) => {
      const fails = requests++ % 2 === 0;
      if (!fails) arrived.push(JSON.parse(body) as AlertMessage);
      response.writeHead(fails ? 500 : 200).end();
    });
    await commitBatch(database.db, escalating(), {
      ...{ alertTopic: null, alertSinks: [{ sink: 'team', topic: '' }], alertRules: rules },
    });
    relay();
    await until('four messages', () => arrived.length === 4, { timeoutMs: 60_000 });
    expect(arrived.map(({ sequence, state, severity }) => [sequence, state, severity])).toEqual([
      [1, 'opened', 'info'],
      [2, 'escalated', 'warning'],
      [3, 'escalated', 'major'],
      [4, 'escalated', 'critical'],
    ]);
  });

  it('get their links as they are sent: the outbox holds no token', async () => {
    const team = await hook('team', answers(200));
    await store(1, ['team']);
    const stored = await database.query('SELECT row_to_json(o)::text AS row FROM flowline.alert_outbox o');
    relay({ publicUrl: 'https://flowline.example.org', keys: ['k'.repeat(32)] });
    await until('a message', () => team.received.length === 1);
    const { links, alertId } = alertMessageSchema.parse(JSON.parse(team.received[0]?.body ?? ''));
    expect(links?.page).toBe(`https://flowline.example.org/alerts/${alertId}`);
    expect(links?.feedback?.confirmed).toMatch(/\/feedback\/confirmed\?token=v1\.\d+\.[\w-]{43}$/);
    await until('it is settled', async () => (await waitingFor('team')) === undefined);
    const kept = await database.query('SELECT row_to_json(o)::text AS row FROM flowline.alert_outbox o');
    expect(kept).toHaveLength(stored.length);
    expect(JSON.stringify([stored, kept])).not.toMatch(/token=|example\.org/);
  });

  it('wait for no connection while one sink hangs, and are claimed by one relay at a time', async () => {
    await store(10, ['team']);
    const queue = { sink: 'team', detectors: ['checkout'] };
    const claims = await Promise.all(
      Array.from({ length: 4 }, () => claimForSink(database.db, queue, { claimMs: 60_000, limit: 4 })),
    );
    const ids = claims.flat().map(({ messageId }) => messageId);
    expect([ids.length, new Set(ids).size]).toEqual([10, 10]);
    expect(await waitingSinks(database.db, ['checkout'])).toEqual([{ sink: 'team', isDue: false }]);
    expect(await claimForSink(database.db, { ...queue, detectors: ['other'] }, { claimMs: 1, limit: 4 })).toEqual([]);
  });

  it('are taken over once a claim has ended, as after a kill', async () => {
    await store(2, ['team']);
    const queue = { sink: 'team', detectors: ['checkout'] };
    expect(await claimForSink(database.db, queue, { claimMs: 50, limit: 4 })).toHaveLength(2);
    await until('the end of the claim', async () => (await waitingSinks(database.db, ['checkout']))[0]?.isDue === true);
    expect(await claimForSink(database.db, queue, { claimMs: 60_000, limit: 4 })).toHaveLength(2);
  });

  it('are set aside after failing for as long as the sink says', async () => {
    await store(1, ['team']);
    const queue = { sink: 'team', detectors: ['checkout'] };
    const fail = async (retryForMs: number) => {
      await database.query('UPDATE flowline.alert_outbox SET due_at = now()');
      const claimed = await claimForSink(database.db, queue, { claimMs: 60_000, limit: 4 });
      const undelivered = claimed.map(({ messageId }) => ({ messageId, refused: false, error: new Error('away') }));
      return settleClaim(database.db, claimed, undelivered, { retryForMs });
    };
    expect(await fail(60_000)).toMatchObject({ setAside: 0, failure: { error: new Error('away') } });
    expect(await fail(60_000)).toMatchObject({ setAside: 0 });
    await database.query(`UPDATE flowline.alert_outbox SET failing_since = failing_since - interval '2 minutes'`);
    expect(await fail(60_000)).toMatchObject({ setAside: 1 });
    expect(await listDeadAlerts(database.db)).toMatchObject([{ attempts: 3, error: 'away' }]);
    // Redriven, it has its time again.
    await redriveDeadAlerts(database.db, 'checkout');
    expect(await fail(60_000)).toMatchObject({ setAside: 0 });
  });

  it('do not keep a process from its end while their sink hangs, and are sent by the next', async () => {
    let isMended = false;
    const server = await startServer((_request, response) => {
      if (isMended) response.end();
    });
    servers.push(server);
    const webhook = { url: server.url, allow: ['127.0.0.1'], timeout: '1m' };
    await applyResource(database.db, { kind: 'Sink', name: 'slow', spec: { webhook, retryFor: '1d' } });
    await store(3, ['slow']);
    const first = relay();
    await until('a request', () => server.received.length === 3);
    running.splice(running.indexOf(first), 1);
    await first.close();
    expect(await waitingFor('slow')).toMatchObject({ waiting: 3, error: 'sink slow cannot be reached: cancelled' });
    isMended = true;
    relay();
    await until('nothing waits', async () => (await waitingFor('slow')) === undefined);
    expect(new Set(idsOf(server.received)).size).toBe(3);
  });

  it('all leave before the end of a finite source, which says what cannot', async () => {
    const team = await hook('team', answers(200));
    await store(20, ['team']);
    await relay().drain();
    expect(team.received).toHaveLength(20);
    await hook('dead', answers(503));
    await store(5, ['dead', 'team'], 20);
    await expect(relay().drain()).rejects.toThrow('sink dead answered 503');
    expect(team.received).toHaveLength(25);
    expect(await waitingFor('dead')).toMatchObject({ waiting: 5 });
  });
});

const program = findAlertmanager();
(program === undefined ? describe.skip : describe)('an open alert', () => {
  it('is told to Alertmanager again before it would go, until it is resolved', async () => {
    const alertmanager = await startAlertmanager(program ?? '');
    try {
      const options = { url: alertmanager.url, allow: ['127.0.0.1'], timeout: '5s', resendAfter: '300ms' };
      const spec = { alertmanager: options, retryFor: '1d' };
      await applyResource(database.db, { kind: 'Sink', name: 'am', spec });
      await commitBatch(database.db, escalating(), {
        ...{ alertTopic: null, alertSinks: [{ sink: 'am', topic: '' }], alertRules: rules },
      });
      relay();
      await until('a critical alert', async () => (await openIn(alertmanager)).join() === 'critical');
      const [first] = await alertmanager.alerts();
      await until('a later end', async () => {
        const [now] = await alertmanager.alerts();
        return Date.parse(now?.endsAt ?? '') > Date.parse(first?.endsAt ?? '') + 1_500;
      });
      const resolving = scoredBatch({ first: 4, size: 1 });
      const later = Float64Array.of((escalating().eventTimesMs.at(-1) ?? 0) + rules.resolveAfterMs + 1);
      await commitBatch(
        database.db,
        { ...resolving, eventTimesMs: later },
        { alertTopic: null, alertSinks: [{ sink: 'am', topic: '' }], alertRules: rules },
      );
      await until('no alert', async () => (await openIn(alertmanager)).length === 0);
      await until('no message waits', async () => (await listWaitingAlerts(database.db)).length === 0);
      expect(await openIn(alertmanager)).toEqual([]);
    } finally {
      await alertmanager.stop();
    }
  });
});

const openIn = async ({ alerts }: { alerts: () => Promise<readonly { labels: Readonly<Record<string, string>> }[]> }) =>
  (await alerts()).map(({ labels }) => labels.severity);

const rules: AlertRules = {
  ...{ groupBy: [], sendResolved: true, minEvents: { count: 1, withinMs: 1_000 } },
  ...{ cooldownMs: 1, resolveAfterMs: 60_000, mergeGapMs: 30_000 },
  severityBits: { warning: 13.3, major: 16.6, critical: 19.9 },
  storm: { alerts: 1_000, windowMs: 1_000 },
};

/** Four anomalies of one alert, each worse than the last. */
function escalating() {
  const batch = scoredBatch({ size: 4, anomalies: [0, 1, 2, 3] });
  const bits = [10, 14, 17, 20];
  const anomalies = batch.anomalies.map((anomaly) => {
    const score = { ...anomaly.alert.score, surpriseBits: at(bits, anomaly.row) };
    return { ...anomaly, alert: { ...anomaly.alert, score } };
  });
  return { ...batch, anomalies };
}
