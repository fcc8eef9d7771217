import { type AlertMessage, alertMessageSchema, type AlertRules, type AnomalyAlertMessage } from '@flowline/alerts';
import {
  claimForSink,
  commitBatch,
  type DeferredAnomaly,
  explainDeferred,
  listWaitingAlerts,
  redriveDeadAlerts,
  relayOutbox,
  setAsideWaitingAlerts,
  settleClaim,
} from '@flowline/db';
import { at, type Explanation, type ScoredBatch, type Unexplained } from '@flowline/events';
import { Random } from '@flowline/flows';
import type { AlertSink } from '@flowline/stream';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
import { deferring, EVENT_EPOCH_MS } from '../support/postgres-batch.ts';

let postgres: TestPostgres;
let database: TestDatabase;

beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.stop());
beforeEach(async () => {
  database = await postgres.createDatabase();
});

/** An alert per entity, resolved after 10 s. */
const rules: AlertRules = {
  ...{ groupBy: [], sendResolved: true, minEvents: { count: 1, withinMs: 1 } },
  ...{ cooldownMs: 0, resolveAfterMs: 10_000, mergeGapMs: 0 },
  severityBits: { warning: 13.3, major: 16.6, critical: 25 },
  storm: { alerts: 100_000, windowMs: 1_000 },
};
const alertTopic = 'alerts';

const commit = (batch: ScoredBatch, options: { sink?: string; alertRules?: AlertRules } = {}) =>
  commitBatch(database.db, batch, {
    alertTopic: options.sink === undefined ? alertTopic : null,
    alertSinks: options.sink === undefined ? [] : [{ sink: options.sink, topic: '' }],
    alertRules: options.alertRules ?? rules,
  });

/** A batch of anomalies from an offset on, one per entity, as seconds after the beginning. */
function anomalies(first: number, entities: readonly string[], deferred: readonly number[], seconds = first) {
  const named = { key: ['shop'], names: entities, seen: [], windows: null };
  const batch = deferring(entities.length, deferred, { first, entities: named });
  const timeMs = EVENT_EPOCH_MS + seconds * 1_000;
  return {
    ...batch,
    eventTimesMs: batch.eventTimesMs.map(() => timeMs),
    anomalies: batch.anomalies.map((each) => ({
      ...each,
      alert: { ...each.alert, event: { ...each.alert.event, time: new Date(timeMs).toISOString() } },
    })),
  };
}

const explanation = ({ anomalyId }: DeferredAnomaly): Explanation => ({
  contributions: [{ feature: 'amount', bits: 12.5, direction: 'high' }],
  expected: { amount: { median: 2, p05: 1, p95: 3 } },
  nearestNormal: { amount: 3 },
  summary: `explained ${anomalyId}`,
});
type Explain = (anomalies: readonly DeferredAnomaly[]) => Promise<readonly (Explanation | Unexplained)[]>;
const explainAll: Explain = (found) => Promise.resolve(found.map(explanation));
const explain = (limit = 100, by: Explain = explainAll) => explainDeferred(database.db, 'checkout', limit, by);

/** Sends what may leave, and returns it. */
async function relay(options: { holdMs?: number | null } = {}): Promise<AlertMessage[]> {
  const sent: AlertMessage[] = [];
  const sink: AlertSink = {
    name: 'test',
    send: (messages) => {
      sent.push(...messages.map(({ value }) => JSON.parse(value) as AlertMessage));
      return Promise.resolve([]);
    },
    close: () => Promise.resolve(),
  };
  await relayOutbox(database.db, sink, options);
  for (const message of sent) expect(alertMessageSchema.parse(message)).toEqual(message);
  return sent;
}
const told = (messages: readonly AlertMessage[]): string[] =>
  messages.map((message) => `${'event' in message ? String(message.event.entity) : 'storm'} ${message.state}`);
const only = (messages: readonly AlertMessage[]): AnomalyAlertMessage => {
  expect(messages).toHaveLength(1);
  return at(messages, 0) as AnomalyAlertMessage;
};

describe('messages that wait for their explanation', () => {
  it('leave once their anomaly is explained, with the explanation, and hold up no other alert', async () => {
    await commit(anomalies(0, ['a', 'b', 'c'], [1]));
    expect(told(await relay())).toEqual(['a opened', 'c opened']);
    expect(await relay()).toEqual([]);
    expect(await listWaitingAlerts(database.db)).toMatchObject([{ waiting: 1, error: 'it waits for its explanation' }]);
    expect(await explain()).toEqual({ explained: 1, wereAwaited: true });
    expect(only(await relay())).toMatchObject({
      ...{ state: 'opened', sequence: 1, explanation: 'complete', event: { entity: 'b', offset: 1 } },
      ...{ contributions: [{ feature: 'amount', bits: 12.5 }], expected: { amount: { p05: 1, median: 2, p95: 3 } } },
      ...{ nearestNormal: { amount: 3 }, summary: expect.stringMatching(/^explained \d+$/) },
      observed: { latency_ms: 9120 },
    });
    expect(await relay()).toEqual([]);
  });

  it('keep the order of their fingerprint, over the alerts of it', async () => {
    await commit(anomalies(0, ['a', 'b'], [0]));
    // The alert of a is resolved, and another of its fingerprint opens, explained in its batch.
    await commit(anomalies(2, ['a', 'c'], [], 60));
    expect(told(await relay())).toEqual(['b opened', 'c opened', 'b resolved']);
    await explain();
    expect(told(await relay())).toEqual(['a opened', 'a resolved', 'a opened']);
  });

  it('carry their explanation also where they tell of an anomaly of an earlier batch', async () => {
    await commit(anomalies(0, ['a'], [0]));
    for (let i = 1; i <= 9; i++) await commit(anomalies(i, ['a'], [], 0));
    expect(await relay()).toEqual([]);
    await explain(1);
    const sent = await relay();
    expect(told(sent)).toEqual(['a opened', 'a updated']);
    expect(sent.map((message) => 'event' in message && [message.event.offset, message.explanation])).toEqual([
      [0, 'complete'],
      [0, 'complete'],
    ]);
  });

  it('leave without after a bound, and say why', async () => {
    await commit(anomalies(0, ['a'], [0]));
    await database.query(`UPDATE flowline.alert_outbox SET created_at = now() - interval '59 seconds'`);
    expect(await relay()).toEqual([]);
    await database.query(`UPDATE flowline.alert_outbox SET created_at = now() - interval '61 seconds'`);
    // A relay that has just started waits all the same.
    expect(await relay({ holdMs: null })).toEqual([]);
    const reason = 'it could not be explained within 60 s; the stored anomaly is explained later';
    expect(only(await relay())).toMatchObject({
      ...{ explanation: 'unavailable', explanationError: reason, summary: `19.9 bits; not explained: ${reason}` },
      ...{ contributions: [], expected: {}, observed: { latency_ms: 9120 } },
    });
    expect(await explain()).toEqual({ explained: 1, wereAwaited: false });
    expect(await relay()).toEqual([]);
  });

  it('say why there is no explanation, if the model is gone or the anomaly is', async () => {
    await commit(anomalies(0, ['a'], [0]));
    await explain(1, () => Promise.resolve([{ explanationError: 'model version 1 cannot be loaded' }]));
    expect(only(await relay())).toMatchObject({
      ...{ explanation: 'unavailable', explanationError: 'model version 1 cannot be loaded' },
      summary: '19.9 bits; not explained: model version 1 cannot be loaded',
    });
    const [stored] = await database.query('SELECT summary, explanation_follows FROM flowline.v1_anomalies');
    expect(stored).toEqual({
      summary: '19.9 bits; not explained: model version 1 cannot be loaded',
      explanation_follows: false,
    });
    await commit(anomalies(1, ['b'], [0]));
    await database.query('DELETE FROM flowline.anomalies');
    expect(only(await relay())).toMatchObject({ explanationError: 'the anomaly is not stored any more' });
  });

  it('wait on while the scorer that explains them is killed, and leave once', async () => {
    await commit(anomalies(0, ['a', 'b'], [0, 1]));
    const killed = explain(2, async (found) => {
      await database.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND state = 'idle in transaction'`,
      );
      return explainAll(found);
    });
    await expect(killed).rejects.toMatchObject({ retryable: true });
    expect(await relay()).toEqual([]);
    expect(await explain(2)).toEqual({ explained: 2, wereAwaited: true });
    expect(told(await relay())).toEqual(['a opened', 'b opened']);
    expect(await relay()).toEqual([]);
  });

  it('are explained before anomalies that nobody is told of, the most surprising first', async () => {
    const quiet = { ...rules, minEvents: { count: 9, withinMs: 1_000 } };
    await commit(anomalies(0, ['q', 'r'], [0, 1]), { alertRules: quiet });
    const batch = anomalies(2, ['a', 'b', 'c'], [0, 1, 2]);
    await commit({
      ...batch,
      anomalies: batch.anomalies.map((each, i) => ({
        ...each,
        alert: { ...each.alert, score: { ...each.alert.score, surpriseBits: at([17, 24, 20], i) } },
      })),
    });
    const order: number[] = [];
    const noting: Explain = (found) => {
      order.push(...found.map(({ surpriseBits }) => surpriseBits));
      return explainAll(found);
    };
    const pages = [];
    for (let i = 0; i < 5; i++) pages.push((await explain(1, noting)).wereAwaited);
    expect(order).toEqual([24, 20, 17, 19.9, 19.9]);
    expect(pages).toEqual([true, true, true, false, false]);
  });

  it('wait for sinks by name as well, and after they were set aside', async () => {
    const sink = { sink: 'ops', detectors: ['checkout'] };
    const claim = async (holdMs?: number) => {
      const claimed = await claimForSink(database.db, sink, {
        ...{ claimMs: 60_000, limit: 10 },
        ...(holdMs === undefined ? {} : { holdMs }),
      });
      await settleClaim(database.db, claimed, [], { retryForMs: 60_000 });
      return claimed.map(({ value }) => JSON.parse(value) as AlertMessage);
    };
    await commit(anomalies(0, ['a', 'b'], [0]), { sink: 'ops' });
    await commit(anomalies(2, ['a'], [], 60), { sink: 'ops' });
    expect(told(await claim())).toEqual(['b opened']);
    expect(told(await claim())).toEqual(['b resolved']);
    expect(await claim()).toEqual([]);
    expect(await setAsideWaitingAlerts(database.db, 'checkout', { sink: 'ops' })).toBe(3);
    expect(await explain()).toEqual({ explained: 1, wereAwaited: false });
    expect(await redriveDeadAlerts(database.db, 'checkout')).toBe(3);
    const sent = [...(await claim()), ...(await claim())];
    // Messages to sinks keep the order of their alert.
    expect(told(sent)).toEqual(['a opened', 'a opened', 'a resolved']);
    expect(sent[0]).toMatchObject({ explanation: 'complete', expected: { amount: { p05: 1 } } });
    await commit(anomalies(3, ['z'], [0], 61), { sink: 'ops' });
    expect(await claim()).toEqual([]);
    expect(await claim(0)).toMatchObject([{ explanation: 'unavailable' }]);
  });

  it('arrive in the order of their fingerprint, each explained, whatever is explained when', async () => {
    const random = new Random(7);
    const chance = (share: number) => random.uniform() < share;
    const sent: AlertMessage[] = [];
    let seconds = 0;
    for (let offset = 0; offset < 240;) {
      const entities = ['a', 'b', 'c', 'd'].filter(() => chance(0.5));
      if (entities.length > 0) {
        const deferred = entities.flatMap((_, row) => (chance(0.6) ? [row] : []));
        await commit(anomalies(offset, entities, deferred, (seconds += chance(0.2) ? 30 : 1)));
        offset += entities.length;
      }
      if (chance(0.5)) await explain(1 + Math.floor(3 * random.uniform()));
      if (chance(0.7)) sent.push(...(await relay()));
    }
    while ((await explain()).explained > 0);
    sent.push(...(await relay()));
    const stored = await database.query(
      'SELECT message_id AS id, fingerprint FROM flowline.alert_outbox ORDER BY outbox_id',
    );
    const prints = new Set(stored.map(({ fingerprint }) => String(fingerprint)));
    expect(prints.size).toBe(4);
    for (const print of prints) {
      expect(sent.flatMap(({ fingerprint, messageId }) => (fingerprint === print ? [messageId] : []))).toEqual(
        stored.flatMap(({ fingerprint, id }) => (fingerprint === print ? [id] : [])),
      );
    }
    expect(sent.length).toBeGreaterThan(30);
    for (const message of sent) expect(message).toMatchObject({ explanation: 'complete' });
  });
});
