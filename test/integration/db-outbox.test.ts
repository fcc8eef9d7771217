import {
  commitBatch,
  connect,
  type Database,
  listAnomalies,
  mostSurprising,
  outboxStatus,
  relayOutbox,
} from '@flowline/db';
import type { AlertSink, OutboxMessage } from '@flowline/stream';
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

/** A sink that keeps what it was given, and does first what the test says. */
const recordingSink = (before: (messages: readonly OutboxMessage[]) => Promise<void> = () => Promise.resolve()) => {
  const sent: OutboxMessage[] = [];
  const sink: AlertSink = {
    name: 'recording',
    send: async (messages) => {
      await before(messages);
      sent.push(...messages);
    },
    close: () => Promise.resolve(),
  };
  return { sink, sent };
};

describe('relayOutbox', () => {
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
        ce_id: sent[0]?.alertId,
        ce_source: '/flowline/detectors/checkout',
        ce_type: 'flowline.alert.opened.v1',
        'content-type': 'application/json',
      },
    });
    expect(await outboxStatus(database.db)).toEqual({ pending: 0, oldestSeconds: null });
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
    const { sink, sent } = recordingSink(() => new Promise((resolve) => setTimeout(resolve, 5)));
    const drain = async (db: Database) => {
      while ((await relayOutbox(db, sink, { limit: 4 })) > 0);
    };
    await Promise.all(others.map(drain));
    await Promise.all(others.map((db) => db.close()));
    expect(sent).toHaveLength(40);
    expect(new Set(sent.map((message) => message.alertId)).size).toBe(40);
  });

  it('sends those of the detectors it is asked for', async () => {
    await store(2);
    await store(3, 'payments');
    const { sink, sent } = recordingSink();
    expect(await relayOutbox(database.db, sink, { detectors: ['payments'] })).toBe(3);
    expect(new Set(sent.map((message) => message.key))).toEqual(new Set(['payments']));
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
    // The surprise is the same for all of them: the lowest density comes first.
    expect((await mostSurprising(database.db, { limit: 2 })).map((item) => item.offset)).toEqual([4, 4]);
  });
});
