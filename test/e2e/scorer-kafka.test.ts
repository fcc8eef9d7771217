import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Message } from 'kafkajs';

import { checkDelivery, readTopic } from '../support/checker.ts';
import { withJavaClient } from '../support/java-kafka.ts';
import { type KafkaVersion, kafkaVersions, spread, startKafka, type TestKafka } from '../support/kafka.ts';
import { startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
import { RunningScorers } from '../support/running-scorers.ts';
import { applyTestDetector, oddEvent, testDefinition, testEvents } from '../support/scorer-model.ts';
import type { ServiceProcess } from '../support/scorer-process.ts';

const PARTITIONS = 4;
const MAX_BYTES = 20_000;

describe.each(kafkaVersions)('the scorer over Kafka %s', (version) => {
  withJavaClient(describe, version)('in a process of its own', () => scorerOverKafka(version));
});

function scorerOverKafka(version: KafkaVersion): void {
  let broker: TestKafka;
  let postgres: TestPostgres;
  let database: TestDatabase;
  const scorers = new RunningScorers(() => ({ broker, database }));

  beforeAll(async () => {
    [broker, postgres] = await Promise.all([startKafka({ version }), startPostgres()]);
  }, 180_000);
  beforeEach(async () => {
    database = await postgres.createDatabase();
  });
  afterAll(async () => {
    await Promise.all([broker.stop(), postgres.stop()]);
  }, 60_000);

  async function setUp(name: string): Promise<{ topic: string; alertTopic: string }> {
    const topic = `${name}-${process.pid}-${Date.now()}`;
    const alertTopic = `${topic}.alerts`;
    await broker.createTopic(topic, PARTITIONS);
    await broker.createTopic(alertTopic, 1);
    await applyTestDetector(database.db, testDefinition(name, topic, alertTopic));
    return { topic, alertTopic };
  }

  const start = (args: readonly string[] = [], env: Readonly<Record<string, string>> = {}): ServiceProcess =>
    scorers.start(['--source', 'kafka', ...args], env);

  it('loses nothing and stores nothing twice while it is killed again and again', async () => {
    const { topic, alertTopic } = await setUp('killed');
    const EVENTS = 24_000;
    const KILLS = 3;
    const events = testEvents(EVENTS, 11).map((event, i) => (i % 1000 === 500 ? oddEvent(event.id) : event));
    await broker.produce(topic, spread(events, PARTITIONS));

    let killed = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      // Small batches, so that a kill hits many of them midway.
      const scorer = start(['--batch-size', '100']);
      await scorers.untilStored(Math.round(((kill + 0.5) * EVENTS) / (KILLS + 1)));
      if (scorer.child.kill('SIGKILL')) killed++;
      expect(await scorer.ended).toBe('SIGKILL');
    }
    const survivor = start();
    await scorers.untilStored(EVENTS);
    survivor.child.kill('SIGTERM');
    expect(await survivor.ended).toBe(0);

    expect(killed).toBe(KILLS);
    const check = await checkDelivery(broker.brokers, database, 'killed', topic);
    expect(check).toEqual({
      records: EVENTS,
      scored: EVENTS,
      deadLetters: 0,
      duplicates: 0,
      lost: [],
      duplicated: [],
      invented: [],
    });

    // The alert of every anomaly has arrived, and a repeat carries the same id.
    const anomalies = await database.query('SELECT alert_id::text AS id FROM flowline.anomalies');
    expect(anomalies.length).toBeGreaterThanOrEqual(24);
    const sent = await database.query(
      'SELECT alert_id::text AS id FROM flowline.alert_outbox WHERE sent_at IS NOT NULL',
    );
    const arrived = (await readTopic(broker.brokers, alertTopic)).map(({ value }) => alertIdOf(value));
    expect(new Set(sent.map(({ id }) => id)).size).toBe(sent.length);
    expect([...new Set(arrived)].filter((id) => !anomalies.some((anomaly) => anomaly.id === id))).toEqual([]);
    expect(sent.filter(({ id }) => !arrived.includes(String(id)))).toEqual([]);
  }, 180_000);

  it('stores exactly the malformed events as dead letters, with the reason of each', async () => {
    const { topic } = await setUp('malformed');
    const good = testEvents(6000, 12);
    const reasons = Object.keys(malformed);
    const messages: Message[] = [];
    const expected: { partition: number; offset: number; reason: string }[] = [];
    const next = new Array<number>(PARTITIONS).fill(0);
    const add = (message: Message, reason: string | null): void => {
      const partition = messages.length % PARTITIONS;
      const offset = next[partition]!++;
      messages.push({ ...message, partition });
      if (reason !== null) expected.push({ partition, offset, reason: reason.split(' ')[0]! });
    };
    for (const [i, event] of good.entries()) {
      if (i % 100 === 50) {
        const kind = reasons[((i - 50) / 100) % reasons.length]!;
        add({ value: malformed[kind]!(event), key: `bad ${i}`, headers: { trace: `t${i}` } }, kind);
      }
      add({ value: JSON.stringify(event) }, null);
    }
    await broker.produce(topic, messages);
    const scorer = start(['--alerts', 'none'], { FLOWLINE_EVENT_MAX_BYTES: String(MAX_BYTES) });
    await scorers.untilStored(messages.length);
    scorer.child.kill('SIGTERM');
    expect(await scorer.ended).toBe(0);

    const check = await checkDelivery(broker.brokers, database, 'malformed', topic);
    expect(check).toMatchObject({
      records: messages.length,
      scored: good.length,
      lost: [],
      duplicated: [],
      invented: [],
    });
    const letters = await database.query(
      'SELECT partition, "offset"::integer AS offset, reason FROM flowline.dead_letters ORDER BY partition, "offset"',
    );
    const byPosition = (a: { partition: number; offset: number }, b: { partition: number; offset: number }): number =>
      a.partition - b.partition || a.offset - b.offset;
    expect(letters).toEqual([...expected].sort(byPosition));

    // Kept unchanged: key, value, headers.
    const kept = await database.query(
      `SELECT convert_from(key, 'UTF8') AS key, encode(value, 'hex') AS value, headers->>'trace' AS trace FROM flowline.dead_letters`,
    );
    const sent = messages
      .filter(({ key }) => key !== undefined)
      .map(({ key, value }) => ({
        key,
        value: value === null ? null : Buffer.from(value).toString('hex'),
        trace: String(key).replace('bad ', 't'),
      }));
    expect(new Set(kept.map((row) => JSON.stringify(row)))).toEqual(new Set(sent.map((row) => JSON.stringify(row))));
  }, 120_000);

  it('waits for the first champion, and takes over a new one without losing an event', async () => {
    const topic = `swap-${process.pid}-${Date.now()}`;
    await broker.createTopic(topic, PARTITIONS);
    const definition = testDefinition('swap', topic);
    await (await import('@flowline/db')).applyDetector(database.db, definition);
    const scorer = start(['--alerts', 'none', '--batch-size', '50']);
    await scorers.eventually(() => expect(scorer.stderr()).toContain('there is no champion model'));
    await applyTestDetector(database.db, definition);
    const events = spread(testEvents(3000, 13), PARTITIONS);
    await broker.produce(topic, events.slice(0, 1000));
    await scorers.untilStored(1000);
    await applyTestDetector(database.db, definition);
    await scorers.eventually(() => expect(scorer.stderr()).toContain('model swapped'));
    await broker.produce(topic, events.slice(1000));
    await scorers.untilStored(3000);
    scorer.child.kill('SIGTERM');
    expect(await scorer.ended).toBe(0);
    expect(await checkDelivery(broker.brokers, database, 'swap', topic)).toMatchObject({
      scored: 3000,
      lost: [],
      duplicated: [],
    });
    const versions = await database.query(
      'SELECT model_version, count(*)::integer AS n FROM flowline.scored_events GROUP BY 1 ORDER BY 1',
    );
    expect(versions).toEqual([
      { model_version: 1, n: 1000 },
      { model_version: 2, n: 2000 },
    ]);
  }, 120_000);

  it('names every topic that is missing', async () => {
    await applyTestDetector(database.db, testDefinition('lost', 'no-such-topic', 'no-such-alerts'));
    const scorer = start(['--json', '--detector', 'lost']);
    expect(await scorer.ended).toBe(1);
    expect(JSON.parse(scorer.stdout())).toMatchObject({ error: { code: 'FLOWLINE_TOPIC_MISSING' } });
    expect(scorer.stdout()).toContain('no-such-topic, no-such-alerts');
  }, 60_000);
}

type TestEventOf = ReturnType<typeof testEvents>[number];

/**
 * Malformed variants of an event, by the expected reason of their dead letter (and a note after a
 * space).
 */
const malformed: Readonly<Record<string, (event: TestEventOf) => Buffer | string | null>> = {
  tombstone: () => null,
  'not_json cut': (event) => JSON.stringify(event).slice(0, 30),
  'not_json bytes': () => Buffer.from([0xff, 0xfe, 0x00]),
  'not_json literal': () => '{"latency": NaN}',
  not_an_object: () => '[1, 2]',
  too_large: (event) => JSON.stringify({ ...event, filler: 'x'.repeat(MAX_BYTES) }),
  missing_field: (event) => JSON.stringify({ ...event, latency: undefined }),
  'missing_field null': (event) => JSON.stringify({ ...event, method: null }),
  'missing_field id': (event) => JSON.stringify({ ...event, id: undefined }),
  'wrong_type text': (event) => JSON.stringify({ ...event, latency: '12' }),
  'wrong_type nul': (event) => JSON.stringify({ ...event, method: 'a\0b' }),
  not_finite: (event) => JSON.stringify(event).replace(/"amount":[^,]+/, '"amount":1e999'),
  out_of_range: (event) => JSON.stringify({ ...event, amount: 1e39 }),
  bad_time: (event) => JSON.stringify({ ...event, ts: 'yesterday' }),
  'bad_time far': (event) => JSON.stringify({ ...event, ts: -1e15 }),
};

function alertIdOf(value: string | null): string {
  return (JSON.parse(value ?? '') as { alertId: string }).alertId;
}
