import {
  commitBatch,
  type CommitOptions,
  connect,
  type Database,
  listAnomalies,
  listDeadAlerts,
  listWaitingAlerts,
  mostSurprising,
  outboxQueues,
  outboxStatus,
  redriveDeadAlerts,
  relayOutbox,
  relayQueue,
  setAsideWaitingAlerts,
} from '@flowline/db';
import type { AlertSink, OutboxMessage, Undelivered } from '@flowline/stream';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
import { scoredBatch } from '../support/postgres-batch.ts';

let postgres: TestPostgres;
let database: TestDatabase;

beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.stop());
beforeEach(async () => {
  database = await postgres.createDatabase();
});

const store = (size: number, detector = 'checkout') =>
  commitBatch(database.db, scoredBatch({ detector, size, anomalies: Array.from({ length: size }, (_, row) => row) }), {
    alertTopic: 'flowline.alerts.v1',
  });

/** A sink that records its messages, after calling `before`. */
const recordingSink = (
  before: (messages: readonly OutboxMessage[]) => Promise<readonly Undelivered[] | undefined> = () =>
    Promise.resolve([]),
) => {
  const sent: OutboxMessage[] = [];
  const sink: AlertSink = {
    name: 'recording',
    send: async (messages) => {
      const undelivered = (await before(messages)) ?? [];
      sent.push(...messages.filter(({ messageId }) => !undelivered.some((one) => one.messageId === messageId)));
      return undelivered;
    },
    close: () => Promise.resolve(),
  };
  return { sink, sent };
};

const offsetOf = (value: string): number => (JSON.parse(value) as { event: { offset: number } }).event.offset;

describe('relayOutbox', () => {
  it('says why a queue waits, and sets it aside when asked, to be redriven', async () => {
    await store(3);
    expect(await listWaitingAlerts(database.db, 'checkout')).toMatchObject([{ waiting: 3, error: null }]);
    const { sink } = recordingSink(() => Promise.reject(new Error('there is no topic flowline.alerts.v1')));
    for (let i = 0; i < 2; i++) await expect(relayOutbox(database.db, sink)).rejects.toThrow('there is no topic');
    const [queue, ...others] = await listWaitingAlerts(database.db);
    expect(queue).toMatchObject({ detector: 'checkout', topic: 'flowline.alerts.v1', waiting: 3 });
    expect(queue?.error).toBe('there is no topic flowline.alerts.v1');
    expect(others).toEqual([]);
    expect(await setAsideWaitingAlerts(database.db, 'checkout', { topic: 'another' })).toBe(0);
    expect(await setAsideWaitingAlerts(database.db, 'checkout', { topic: 'flowline.alerts.v1' })).toBe(3);
    expect(await listWaitingAlerts(database.db)).toEqual([]);
    expect((await listDeadAlerts(database.db)).map(({ attempts }) => attempts)).toEqual([0, 0, 2]);
    expect(await redriveDeadAlerts(database.db, 'checkout')).toBe(3);
    expect(await relayOutbox(database.db, recordingSink().sink)).toBe(3);
  });

  it('sends each alert as a CloudEvent, in order, once', async () => {
    await store(5);
    expect(await outboxStatus(database.db)).toMatchObject({ pending: 5 });
    const { sink, sent } = recordingSink();
    expect(await relayOutbox(database.db, sink, { limit: 3 })).toBe(3);
    expect(await relayOutbox(database.db, sink, { limit: 3 })).toBe(2);
    expect(await relayOutbox(database.db, sink)).toBe(0);
    expect(sent.map((message) => (JSON.parse(message.value) as { event: { offset: number } }).event.offset)).toEqual([
      0, 1, 2, 3, 4,
    ]);
    expect(sent[0]).toMatchObject({
      topic: 'flowline.alerts.v1',
      key: 'checkout',
      headers: {
        ce_specversion: '1.0',
        ce_id: sent[0]?.messageId,
        ce_source: '/flowline/detectors/checkout',
        ce_type: 'flowline.alert.opened.v1',
        'content-type': 'application/json',
      },
    });
    expect(await outboxStatus(database.db)).toEqual({ pending: 0, oldestSeconds: null, dead: 0 });
  });

  it('keeps the alerts when the sink refuses, and gives its error as it is', async () => {
    await store(3);
    const refusal = Object.assign(new Error('broker away'), { code: 'ECONNREFUSED' });
    const { sink } = recordingSink(() => Promise.reject(refusal));
    await expect(relayOutbox(database.db, sink)).rejects.toBe(refusal);
    expect(await outboxStatus(database.db)).toMatchObject({ pending: 3 });
  });

  it('sends again, under the same ids, what was sent when the relay died before marking it', async () => {
    await store(2);
    const first = recordingSink(async () => {
      await database.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND state = 'idle in transaction'`,
      );
      return [];
    });
    await expect(relayOutbox(database.db, first.sink)).rejects.toMatchObject({ retryable: true });
    const second = recordingSink();
    expect(await relayOutbox(database.db, second.sink)).toBe(2);
    expect(second.sent).toEqual(first.sent);
  });

  it('lets relays run side by side without sending anything twice', async () => {
    await store(40);
    const others = await Promise.all(
      [1, 2, 3].map((index) => connect(database.url, { applicationName: `relay ${index}` })),
    );
    const { sink, sent } = recordingSink(() => new Promise((resolve) => setTimeout(() => resolve([]), 5)));
    const drain = async (db: Database) => {
      while ((await relayOutbox(db, sink, { limit: 4 })) > 0);
    };
    await Promise.all(others.map(drain));
    await Promise.all(others.map((db) => db.close()));
    expect(sent).toHaveLength(40);
    expect(new Set(sent.map((message) => message.messageId)).size).toBe(40);
  });

  it('leaves a queue alone while another relay sends it, so that messages arrive in order', async () => {
    await store(4);
    const later = recordingSink();
    const first = recordingSink(async () => {
      // Another relay, with another connection, comes while this one is sending.
      expect(await relayOutbox(database.db, later.sink)).toBe(0);
      return [];
    });
    expect(await relayOutbox(database.db, first.sink, { limit: 2 })).toBe(2);
    expect(await relayOutbox(database.db, later.sink)).toBe(2);
    expect([...first.sent, ...later.sent].map(({ value }) => offsetOf(value))).toEqual([0, 1, 2, 3]);
  });

  it('sends those of the detectors it is asked for', async () => {
    await store(2);
    await store(3, 'payments');
    const { sink, sent } = recordingSink();
    expect(await relayOutbox(database.db, sink, { detectors: ['payments'] })).toBe(3);
    expect(new Set(sent.map((message) => message.key))).toEqual(new Set(['payments']));
  });
});

describe('queues of the outbox', () => {
  const storeFor = (options: Partial<CommitOptions>, detector = 'checkout', topic = 'orders') =>
    commitBatch(database.db, scoredBatch({ detector, topic, size: 3, anomalies: [0, 1, 2] }), {
      alertTopic: 'alerts',
      ...options,
    });
  const offsetsOf = (messages: readonly OutboxMessage[]) =>
    messages.map(({ value }) => (JSON.parse(value) as { event: { offset: number } }).event.offset);

  it('are one for each detector and topic, and only for their addressee', async () => {
    await storeFor({});
    await storeFor({ alertTopic: 'others' }, 'checkout', 'orders 2');
    await storeFor({}, 'payments');
    await storeFor(
      { alertTopic: null, alertSinks: [{ sink: 'stdout', topic: 'a.ndjson#1' }] },
      'checkout',
      'a.ndjson#1',
    );
    await storeFor(
      { alertTopic: null, alertSinks: [{ sink: 'stdout', topic: 'b.ndjson#2' }] },
      'checkout',
      'b.ndjson#2',
    );
    expect(await outboxQueues(database.db)).toEqual([
      { detector: 'checkout', topic: 'alerts' },
      { detector: 'checkout', topic: 'others' },
      { detector: 'payments', topic: 'alerts' },
    ]);
    const mine = { addressee: 'stdout', detectors: ['checkout'] };
    expect(await outboxQueues(database.db, { ...mine, topics: ['b.ndjson#2'] })).toEqual([
      { detector: 'checkout', topic: 'b.ndjson#2' },
    ]);
    const { sink, sent } = recordingSink();
    expect(await relayOutbox(database.db, sink, mine)).toBe(6);
    expect(new Set(sent.map(({ topic }) => topic))).toEqual(new Set(['a.ndjson#1', 'b.ndjson#2']));
    expect(await outboxStatus(database.db)).toMatchObject({ pending: 9 });
    expect(await outboxStatus(database.db, 'stdout')).toMatchObject({ pending: 0 });
  });

  it.each([0, 1, 2])(
    'set aside what the sink refuses, first, in the middle or last (%i), and send the rest once',
    async (at) => {
      await storeFor({});
      const refuse = (messages: readonly OutboxMessage[]) => {
        const refused = messages.filter(({ value }) => value.includes(`"offset":${at},`));
        const error = new Error('the message is too large');
        return Promise.resolve(refused.map(({ messageId }) => ({ messageId, refused: true, error })));
      };
      const { sink, sent } = recordingSink(refuse);
      const queue = { detector: 'checkout', topic: 'alerts' };
      expect(await relayQueue(database.db, sink, queue)).toMatchObject({ sent: 2, refused: [{}], failure: null });
      expect(await relayQueue(database.db, sink, queue)).toMatchObject({ sent: 0, refused: [], failure: null });
      expect(offsetsOf(sent)).toEqual([0, 1, 2].filter((offset) => offset !== at));
      expect(await outboxStatus(database.db)).toEqual({ pending: 0, oldestSeconds: null, dead: 1 });
      const [dead] = await listDeadAlerts(database.db, { detector: 'checkout' });
      expect(dead).toMatchObject({ sink: 'kafka', topic: 'alerts', error: 'the message is too large', attempts: 1 });

      // Refused once more, then accepted.
      expect(await redriveDeadAlerts(database.db, 'payments')).toBe(0);
      expect(await redriveDeadAlerts(database.db, 'checkout', [(dead?.outboxId ?? 0) + 1])).toBe(0);
      expect(await redriveDeadAlerts(database.db, 'checkout', [dead?.outboxId ?? 0])).toBe(1);
      await relayQueue(database.db, sink, queue);
      expect(await listDeadAlerts(database.db)).toMatchObject([{ attempts: 2 }]);
      expect(await redriveDeadAlerts(database.db, 'checkout')).toBe(1);
      const taking = recordingSink();
      expect(await relayOutbox(database.db, taking.sink)).toBe(1);
      expect(offsetsOf(taking.sent)).toEqual([at]);
      expect(await listDeadAlerts(database.db)).toEqual([]);
    },
  );

  it('do not repeat what was taken before a failure', async () => {
    await storeFor({});
    const error = new Error('the broker went away');
    let isAway = true;
    const { sink, sent } = recordingSink((messages) =>
      Promise.resolve(isAway ? messages.slice(1).map(({ messageId }) => ({ messageId, refused: false, error })) : []),
    );
    const queue = { detector: 'checkout', topic: 'alerts' };
    expect(await relayQueue(database.db, sink, queue)).toMatchObject({ sent: 1, refused: [], failure: { error } });
    isAway = false;
    expect(await relayOutbox(database.db, sink)).toBe(2);
    expect(offsetsOf(sent)).toEqual([0, 1, 2]);
  });

  it('try every queue, also where one fails', async () => {
    await storeFor({ alertTopic: 'absent' });
    await storeFor({}, 'payments');
    const error = new Error('there is no such topic');
    const { sink, sent } = recordingSink((messages) =>
      messages[0]?.topic === 'absent' ? Promise.reject(error) : Promise.resolve([]),
    );
    await expect(relayOutbox(database.db, sink)).rejects.toBe(error);
    expect(sent).toHaveLength(3);
    expect(await outboxStatus(database.db)).toMatchObject({ pending: 3, dead: 0 });
  });
});

describe('an event id that comes again', () => {
  const eventIds = ['a', 'b', 'a', 'c'];
  const anomalous = (options: object) => scoredBatch({ size: 4, anomalies: [0, 1, 2, 3], eventIds, ...options });
  const once = { alertTopic: 'alerts', oncePerEvent: true };
  const alertsOf = async () =>
    (
      await database.query(
        `SELECT sink, topic, value::jsonb #>> '{event,id}' AS id FROM flowline.alert_outbox ORDER BY outbox_id`,
      )
    ).map(({ sink, topic, id }) => `${String(sink)} ${String(topic)} ${String(id)}`);

  it('is scored again and raises no second alert, where ids name events', async () => {
    await commitBatch(database.db, anomalous({}), once);
    await commitBatch(database.db, anomalous({ partition: 1 }), once);
    expect(await alertsOf()).toEqual(['kafka alerts a', 'kafka alerts b', 'kafka alerts c']);
    await relayOutbox(database.db, recordingSink().sink);
    expect(await commitBatch(database.db, anomalous({ first: 4 }), once)).toMatchObject({ stored: 4, anomalies: 4 });
    expect(await alertsOf()).toHaveLength(3);
    expect((await listAnomalies(database.db)).items).toHaveLength(12);
  });

  it('raises one for each addressee and detector', async () => {
    await commitBatch(database.db, anomalous({}), once);
    await commitBatch(database.db, anomalous({ topic: 'f' }), {
      ...once,
      alertTopic: null,
      alertSinks: [{ sink: 'stdout', topic: 'f' }],
    });
    await commitBatch(database.db, anomalous({ detector: 'other' }), once);
    expect(await alertsOf()).toHaveLength(9);
  });

  it('raises as many alerts as events, where ids are positions', async () => {
    await commitBatch(database.db, anomalous({}), { alertTopic: 'alerts' });
    expect(await alertsOf()).toHaveLength(4);
  });

  it('raises one alert however many partitions store it at once', async () => {
    const workers = await Promise.all([0, 1, 2, 3].map(() => connect(database.url, { applicationName: 'worker' })));
    const ids = Array.from({ length: 50 }, (_, i) => `event ${i}`);
    await Promise.all(
      workers.map(async (db, partition) => {
        const batch = scoredBatch({
          ...{ partition, size: 50, anomalies: ids.map((_, row) => row) },
          eventIds: partition % 2 === 0 ? ids : ids.toReversed(),
        });
        // In a deadlock Postgres aborts one transaction, which is retried.
        for (;;) {
          try {
            await commitBatch(db, batch, once);
            return;
          } catch (error) {
            expect(error).toMatchObject({ retryable: true });
          }
        }
      }),
    );
    await Promise.all(workers.map((db) => db.close()));
    expect(await alertsOf()).toHaveLength(50);
  });
});

describe('a message', () => {
  it('has room for values of any size: its texts are cut, and its key is bounded', async () => {
    const huge = '🛫'.repeat(300_000);
    const batch = scoredBatch({
      size: 1,
      anomalies: [0],
      eventIds: [huge],
      entities: { key: ['id'], names: [huge], seen: [], windows: null },
    });
    const [anomaly] = batch.anomalies;
    const alert = { ...anomaly!.alert, observed: { level: huge, small: 'b' }, summary: `level ${huge}` };
    await commitBatch(
      database.db,
      { ...batch, anomalies: [{ ...anomaly!, alert }] },
      { alertTopic: 'alerts', oncePerEvent: true },
    );
    const { sink, sent } = recordingSink();
    await relayOutbox(database.db, sink);
    const [message] = sent;
    expect(message?.value.length).toBeLessThan(10_000);
    expect(message?.key.length).toBeLessThan(1_000);
    const { observed, event } = JSON.parse(message?.value ?? '') as {
      observed: Record<string, string>;
      event: { id: string };
    };
    expect(observed.small).toBe('b');
    expect(observed.level).toMatch(/^(🛫){500}… \(600000 characters\)$/u);
    expect(event.id).toMatch(/characters/);
    // The stored alert is complete.
    const [stored] = await database.query(`SELECT length(alert #>> '{observed,level}') AS n FROM flowline.anomalies`);
    expect(stored).toEqual({ n: 300_000 });
  });
});

describe('listAnomalies', () => {
  it('pages through all of them, latest first, while new ones arrive', async () => {
    await store(25);
    const seen: number[] = [];
    let after: { eventTime: Date; anomalyId: number } | undefined;
    for (;;) {
      const page = await listAnomalies(database.db, { detector: 'checkout', limit: 10, ...(after && { after }) });
      seen.push(...page.items.map((item) => item.offset));
      if (page.next === null) break;
      after = page.next;
      await commitBatch(database.db, scoredBatch({ topic: `late-${seen.length}`, first: 100, anomalies: [0] }), {
        alertTopic: null,
      });
    }
    expect(seen).toEqual(Array.from({ length: 25 }, (_, index) => 24 - index));
  });

  it('filters by detector, time and p-value', async () => {
    await store(5);
    await store(5, 'payments');
    const start = Date.UTC(2026, 0, 1);
    const range = { from: new Date(start + 1_000), to: new Date(start + 3_000) };
    expect((await listAnomalies(database.db, range)).items).toHaveLength(4);
    const { items } = await listAnomalies(database.db, { ...range, detector: 'payments' });
    expect(items.map((item) => [item.detector, item.offset])).toEqual([
      ['payments', 2],
      ['payments', 1],
    ]);
    expect((await listAnomalies(database.db, { maxPValue: 0.25 })).items.map((item) => item.offset)).toEqual([
      4, 4, 3, 3,
    ]);
    expect((await listAnomalies(database.db, { eventId: 'event-3' })).items).toHaveLength(2);
    expect((await mostSurprising(database.db, { feature: 'latency_ms', detector: 'payments' })).length).toBe(5);
    expect((await listAnomalies(database.db, { feature: 'amount' })).items).toEqual([]);
    // All have the same surprise, so the lowest density comes first.
    expect((await mostSurprising(database.db, { limit: 2 })).map((item) => item.offset)).toEqual([4, 4]);
  });
});
