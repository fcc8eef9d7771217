import { storedDefinition } from '@flowline/config';
import { applyDetector, commitBatch } from '@flowline/db';
import { alertRulesOf } from '@flowline/operations';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { startTestApi } from '../support/api.ts';
import { documentedCall } from '../support/documented-call.ts';
import { startKafka, type TestKafka, withKafka } from '../support/kafka.ts';
import { type BatchOptions, scoredBatch } from '../support/postgres-batch.ts';
import { startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
import { testDefinition } from '../support/scorer-model.ts';

let postgres: TestPostgres;
let database: TestDatabase;
const definition = testDefinition('checkout', 'orders');

beforeAll(async () => {
  postgres = await startPostgres();
});
beforeEach(async () => {
  database = await postgres.createDatabase();
  const alerts = { ...definition.alerts, sinks: ['kafka', 'oncall'] };
  await applyDetector(database.db, storedDefinition({ ...definition, alerts }));
});
afterEach(() => database.close());
afterAll(() => postgres.stop());

const commit = (options: BatchOptions) =>
  commitBatch(database.db, scoredBatch(options), {
    ...{ alertTopic: 'orders.alerts', alertRules: alertRulesOf(definition.alerts), oncePerEvent: false },
  });

/** Pipeline as the API has it, with these brokers. */
async function read(env: Record<string, string> = {}): Promise<Readonly<Record<string, unknown>>> {
  const api = await startTestApi(database.db, { env });
  try {
    const token = await api.token({ scope: 'read', detectors: ['checkout'] });
    const { status, body } = await documentedCall(api, 'GET /v1/detectors/checkout/pipeline', { token });
    expect(status).toBe(200);
    return body;
  } finally {
    await api.close();
  }
}

describe('the pipeline of a detector', () => {
  it('has the work of each stage by day, and positions without brokers', async () => {
    await commit({ size: 6, anomalies: [1, 3], deadLetters: [6, 7] });
    await commit({ size: 3, partition: 1 });
    await database.query(`UPDATE flowline.anomalies SET suppressed_by = 'a-rule' WHERE "offset" = 1`);
    await database.query(`UPDATE flowline.event_counts SET day = day - 3 WHERE partition = 1`);
    const { days, partitions, endsUnknown, backlog, unexplained } = await read();
    expect(days).toHaveLength(7);
    const today = { scored: 6, anomalies: 2, suppressed: 1, deadLetters: 2, duplicates: 0, sent: 0 };
    expect((days as readonly unknown[]).at(-1)).toMatchObject(today);
    expect((days as readonly unknown[]).at(-4)).toMatchObject({ scored: 3, anomalies: 0, deadLetters: 0 });
    expect(partitions).toMatchObject([
      { topic: 'orders', partition: 0, nextOffset: 8, end: null, records: null, seconds: null },
      { topic: 'orders', partition: 1, nextOffset: 3 },
    ]);
    expect(endsUnknown).toMatch(/knows no broker/);
    expect([backlog, unexplained]).toEqual([0, 0]);
  });

  it('has the state of each sink: named, waiting, failing, set aside', async () => {
    const store = (sink: string, columns: string, values: string) =>
      database.query(
        `INSERT INTO flowline.alert_outbox (alert_id, detector, topic, key, headers, value, sink, ${columns})
         SELECT gen_random_uuid(), 'checkout', '', '', '{}', '{}', '${sink}', ${values}`,
      );
    await store(
      'oncall',
      'created_at, failing_since, error, attempts',
      `now() - interval '2 h', now() - interval '1 h', 'refused', 3`,
    );
    await store('oncall', 'sent_at', `now() - interval '3 h'`);
    await store('oncall', 'sent_at', `now() - interval '3 d'`);
    await store('former', 'dead_at, error', `now(), 'gone'`);
    await database.query(
      `INSERT INTO flowline.alert_outbox (alert_id, detector, topic, key, headers, value, sink)
       VALUES (gen_random_uuid(), 'payments', '', '', '{}', '{}', 'theirs')`,
    );
    const { sinks, days } = await read();
    expect(sinks).toMatchObject([
      { sink: 'former', waiting: 0, oldestAt: null, lastSentAt: null, sentLastDay: 0, dead: 1 },
      { sink: 'kafka', waiting: 0, failingSince: null, error: null, lastSentAt: null, dead: 0 },
      { sink: 'oncall', waiting: 1, error: 'refused', sentLastDay: 1, dead: 0 },
    ]);
    const [, , oncall] = sinks as readonly { readonly failingSince: string; readonly lastSentAt: string }[];
    const hoursSince = (time?: string): number => Math.round((Date.now() - Date.parse(time ?? '')) / 3_600_000);
    expect([hoursSince(oncall?.failingSince), hoursSince(oncall?.lastSentAt)]).toEqual([1, 3]);
    expect((days as readonly { readonly sent: number }[]).reduce((sum, { sent }) => sum + sent, 0)).toBe(2);
  });

  it('says why the ends of partitions are unknown', async () => {
    await commit({ size: 1 });
    const { endsUnknown, partitions } = await read({ FLOWLINE_KAFKA_BROKERS: '127.0.0.1:1' });
    expect(endsUnknown).toMatch(/127\.0\.0\.1:1/);
    expect(partitions).toMatchObject([{ nextOffset: 1, end: null }]);
  }, 60_000);
});

withKafka(describe)('the pipeline of a topic', () => {
  let broker: TestKafka;
  beforeAll(async () => {
    broker = await startKafka();
  }, 120_000);
  afterAll(() => broker.stop());

  it('has the lag of each partition, stored or not', async () => {
    await broker.createTopic('orders', 3);
    const values = (partition: number, count: number) =>
      broker.produce(
        'orders',
        Array.from({ length: count }, (_, i) => ({ value: `${i}`, partition })),
      );
    await values(0, 10);
    await values(2, 4);
    await commit({ size: 7 });
    const { endsUnknown, partitions } = await read({ FLOWLINE_KAFKA_BROKERS: broker.brokers.join(',') });
    expect(endsUnknown).toBeNull();
    expect(partitions).toMatchObject([
      { partition: 0, nextOffset: 7, end: 10, records: 3 },
      { partition: 1, nextOffset: null, storedAt: null, end: 0, records: 0 },
      { partition: 2, nextOffset: null, end: 4, records: 4 },
    ]);
  }, 60_000);
});
