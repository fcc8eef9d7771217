import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { checkDelivery } from '../support/checker.ts';
import { withJavaClient } from '../support/java-kafka.ts';
import { spread, testKafka, type TestKafka } from '../support/kafka.ts';
import { type FetchHoldingProxy, startFetchHoldingProxy } from '../support/kafka/fetch-holding-proxy.ts';
import { startNativeBroker } from '../support/kafka/native-broker.ts';
import { freePort, startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
import { RunningScorers } from '../support/running-scorers.ts';
import { applyTestDetector, testDefinition, testEvents } from '../support/scorer-model.ts';
import type { ServiceProcess } from '../support/scorer-process.ts';

const PARTITIONS = 2;
const NONE_LOST = { lost: [], duplicated: [], invented: [] };

withJavaClient(describe)('a scorer that is held up', () => {
  let broker: TestKafka;
  let proxy: FetchHoldingProxy;
  let postgres: TestPostgres;
  let database: TestDatabase;
  const scorers = new RunningScorers(() => ({ broker, database }));

  beforeAll(async () => {
    let port = 0;
    proxy = await startFetchHoldingProxy(() => port);
    const [native, server] = await Promise.all([
      startNativeBroker({ version: '4.1.0', proxyPort: proxy.port }),
      startPostgres(),
    ]);
    port = native.proxiedPort ?? 0;
    broker = testKafka([native.address], () => native.stop());
    postgres = server;
  }, 180_000);
  beforeEach(async () => {
    database = await postgres.createDatabase();
  });
  afterAll(async () => {
    await proxy.close();
    await Promise.all([broker.stop(), postgres.stop()]);
  }, 60_000);

  async function setUp(name: string): Promise<string> {
    const topic = `${name}-${process.pid}-${Date.now()}`;
    await broker.createTopic(topic, PARTITIONS);
    await applyTestDetector(database.db, testDefinition(name, topic));
    return topic;
  }

  const start = (env: Readonly<Record<string, string>> = {}): ServiceProcess =>
    scorers.start(['--source', 'kafka', '--alerts', 'none', '--batch-size', '100'], env);

  const produce = (topic: string, count: number, seed: number): Promise<void> =>
    broker.produce(topic, spread(testEvents(count, seed), PARTITIONS));

  it('opens a consumer again that has silently stopped, with health red first, and loses nothing', async () => {
    const topic = await setUp('silent');
    const port = await freePort();
    start({
      FLOWLINE_KAFKA_BROKERS: `127.0.0.1:${proxy.port}`,
      FLOWLINE_HTTP_PORT: String(port),
      FLOWLINE_CONSUMER_STALL_MS: '4000',
    });
    const health = async () => {
      const answer = await fetch(`http://127.0.0.1:${port}/healthz`);
      const { parts } = (await answer.json()) as { parts: Record<string, { healthy: boolean; detail: string }> };
      return { status: answer.status, consumer: parts['consumer of silent'] };
    };
    const metrics = async () => (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    await produce(topic, 300, 1);
    await scorers.untilStored(300);
    // Idle at the end of the topic for longer than the stall limit: not a stall.
    await sleep(6_000);
    expect(await health()).toMatchObject({ status: 200, consumer: { healthy: true } });

    proxy.holdFetches();
    await produce(topic, 500, 2);
    await scorers.eventually(async () => {
      const { status, consumer } = await health();
      expect({ status, healthy: consumer?.healthy }).toEqual({ status: 503, healthy: false });
      expect(consumer?.detail).toMatch(/records are waiting, but none has been read for \d+ s/);
      expect(await metrics()).toMatch(/flowline_consumer_lag_seconds\{detector="silent".*\} [0-9.]*[1-9]/);
    });
    const [row] = await database.query('SELECT count(*)::integer AS n FROM flowline.scored_events');
    expect(row?.n).toBe(300);
    await scorers.untilStored(800);
    expect(proxy.held).toBeGreaterThan(0);
    await scorers.eventually(async () => expect((await health()).status).toBe(200));
    expect(await metrics()).toContain('flowline_consumer_stalls_total{detector="silent"} 1\n');
    expect(await checkDelivery(broker.brokers, database, 'silent', topic)).toMatchObject({ scored: 800, ...NONE_LOST });
  }, 120_000);

  it('leaves at its deadline where a batch cannot be stored, and the batch is stored by the next', async () => {
    const topic = await setUp('deadline');
    const scorer = start({ FLOWLINE_SHUTDOWN_TIMEOUT_MS: '1500' });
    await produce(topic, 100, 3);
    await scorers.untilStored(100);
    const holder = await database.client();
    await holder.query('BEGIN');
    await holder.query('SELECT FROM flowline.stream_offsets FOR UPDATE');
    await produce(topic, 200, 4);
    await scorers.eventually(async () => {
      const waiting = await database.query(
        `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`,
      );
      expect(waiting.length).toBeGreaterThan(0);
    });
    const startMs = performance.now();
    scorer.child.kill('SIGTERM');
    expect(await scorer.ended).toBe(1);
    const seconds = (performance.now() - startMs) / 1_000;
    expect(seconds).toBeGreaterThan(1.4);
    expect(seconds).toBeLessThan(15);
    expect(scorer.stderr()).toContain('the deadline passed before everything was released');
    const doctor = scorers.startCli(['doctor', '--json']);
    await doctor.ended;
    const { findings } = JSON.parse(doctor.stdout()) as { findings: { check: string; detail: string }[] };
    expect(findings.find(({ check }) => check === 'lag of deadline')?.detail).toMatch(
      /^200 records wait in 2 of 2 partitions; the last stored one is \d+ s old$/,
    );
    await holder.query('ROLLBACK');
    await holder.end();
    start();
    await scorers.untilStored(300);
    expect(await checkDelivery(broker.brokers, database, 'deadline', topic)).toMatchObject({
      scored: 300,
      ...NONE_LOST,
    });
  }, 120_000);

  it.each([
    ['when the next batch comes', '60000', 200],
    ['though no event comes', '4000', 0],
  ])(
    'reads again what Postgres has lost, without being started anew, %s',
    async (_when, stallMs, more) => {
      const name = `rewound-${more}`;
      const topic = await setUp(name);
      const scorer = start({ FLOWLINE_CONSUMER_STALL_MS: stallMs });
      await produce(topic, 600, 5);
      await scorers.untilStored(600);
      // Failover to a standby that lagged: the last commits are missing.
      const forgetting = await database.client();
      await forgetting.query('BEGIN');
      await forgetting.query('DELETE FROM flowline.event_scores WHERE "offset" >= 120');
      await forgetting.query('DELETE FROM flowline.event_duplicates WHERE "offset" >= 120');
      await forgetting.query('UPDATE flowline.stream_offsets SET next_offset = 120');
      await forgetting.query('COMMIT');
      await forgetting.end();
      if (more > 0) await produce(topic, more, 6);
      await scorers.untilStored(600 + more);
      expect(scorer.child.exitCode).toBeNull();
      expect(scorer.stderr()).toContain('FLOWLINE_STREAM_REWOUND');
      expect(await checkDelivery(broker.brokers, database, name, topic)).toMatchObject({
        scored: 600 + more,
        ...NONE_LOST,
      });
    },
    120_000,
  );
});
