import { setTimeout as sleep } from 'node:timers/promises';

import { applyDetector, deleteDetector, pauseDetector, resumeDetector } from '@flowline/db';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { checkDelivery } from '../support/checker.ts';
import { withJavaClient } from '../support/java-kafka.ts';
import { spread, startKafka, type TestKafka } from '../support/kafka.ts';
import { freePort, startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
import { RunningScorers } from '../support/running-scorers.ts';
import { applyTestDetector, testDefinition, testEvents } from '../support/scorer-model.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';

const PARTITIONS = 4;

withJavaClient(describe)('a scorer and the detectors it follows', () => {
  let broker: TestKafka;
  let postgres: TestPostgres;
  let database: TestDatabase;
  const scorers = new RunningScorers(() => ({ broker, database }));

  beforeAll(async () => {
    [broker, postgres] = await Promise.all([startKafka(), startPostgres()]);
  }, 180_000);
  beforeEach(async () => {
    database = await postgres.createDatabase();
  });
  afterAll(async () => {
    await Promise.all([broker.stop(), postgres.stop()]);
  }, 60_000);

  async function start(env: Readonly<Record<string, string>> = {}) {
    const port = await freePort();
    const scorer = scorers.start([], { ...env, FLOWLINE_HTTP_PORT: String(port) });
    const ask = (path: string) => fetch(`http://127.0.0.1:${port}${path}`);
    const parts = async () => ((await (await ask('/readyz')).json()) as { parts: Record<string, unknown> }).parts;
    return { scorer, parts, status: async (path: string) => (await ask(path)).status };
  }

  async function newTopics(name: string): Promise<{ topic: string; alertTopic: string }> {
    const topic = `${name}-${process.pid}-${Date.now()}`;
    await broker.createTopic(topic, PARTITIONS);
    await broker.createTopic(`${topic}.alerts`, 1);
    return { topic, alertTopic: `${topic}.alerts` };
  }

  const produce = (topic: string, count: number, seed: number): Promise<void> =>
    broker.produce(topic, spread(testEvents(count, seed), PARTITIONS));

  const stored = async (): Promise<number> =>
    Number((await database.query('SELECT count(*)::int AS n FROM flowline.scored_events'))[0]?.n);

  it('takes up detectors as they are applied, paused, resumed and deleted, without a restart', async () => {
    const { topic, alertTopic } = await newTopics('followed');
    const definition = testDefinition('followed', topic, alertTopic);
    const { scorer, parts } = await start();
    await scorers.eventually(async () =>
      expect(await parts()).toMatchObject({ detectors: { ready: false, detail: expect.stringContaining('waiting') } }),
    );

    await produce(topic, 400, 21);
    await applyTestDetector(database.db, definition);
    await scorers.eventually(async () => expect(await stored()).toBe(400));

    expect(await pauseDetector(database.db, 'followed')).toBe(true);
    await scorers.eventually(async () =>
      expect(await parts()).toMatchObject({ 'detector followed': { detail: 'paused' } }),
    );
    await produce(topic, 200, 22);
    // A new version takes effect while the detector is paused.
    const labelled = { ...definition, labels: { team: 'sre' } };
    await applyDetector(database.db, labelled);
    await sleep(4_000);
    expect(await stored()).toBe(400);
    expect(await resumeDetector(database.db, 'followed')).toBe(true);
    await scorers.eventually(async () => expect(await stored()).toBe(600));
    const check = await checkDelivery(broker.brokers, database, 'followed', topic);
    expect(check).toMatchObject({ records: 600, scored: 600, lost: [], duplicated: [] });

    const dropped = await deleteDetector(database.db, 'followed', { dropData: true });
    expect(dropped).toMatchObject({ scored_events: 600, model_versions: 1, model_aliases: 1 });
    await scorers.eventually(async () => expect(Object.keys(await parts())).toEqual(['detectors']));
    await produce(topic, 100, 23);
    await sleep(1_000);
    expect(await stored()).toBe(0);
    expect(await database.query('SELECT 1 FROM flowline.stream_offsets')).toEqual([]);

    // After it is applied again, it starts afresh.
    await applyTestDetector(database.db, definition);
    await scorers.eventually(async () => expect(await stored()).toBe(700));
    scorer.child.kill('SIGTERM');
    expect(await scorer.ended).toBe(0);
  }, 180_000);

  it('scores one detector while the topic of another is missing, and takes that up once it exists', async () => {
    const { topic, alertTopic } = await newTopics('beside');
    const late = `late-${process.pid}-${Date.now()}`;
    await applyTestDetector(database.db, testDefinition('absent', late, alertTopic));
    const { scorer, parts, status } = await start();
    await scorers.eventually(async () =>
      expect(await parts()).toMatchObject({
        'detector absent': { healthy: false, detail: expect.stringContaining(late) },
      }),
    );
    expect(await Promise.all([status('/livez'), status('/healthz'), status('/readyz')])).toEqual([200, 503, 503]);
    await applyTestDetector(database.db, testDefinition('beside', topic, alertTopic));
    await produce(topic, 200, 41);
    await scorers.eventually(async () => expect(await stored()).toBe(200));
    await broker.createTopic(late, PARTITIONS);
    await scorers.eventually(async () => expect(await status('/readyz')).toBe(200));
    expect(scorer.child.exitCode).toBeNull();
    // Every failure is an ordinary line of the log.
    for (const line of scorer.stderr().trim().split('\n')) expect(JSON.parse(line)).toHaveProperty('msg');
  }, 120_000);

  it('waits, alive and not ready, for a database and the brokers', async () => {
    const { topic, alertTopic } = await newTopics('awaited');
    await applyTestDetector(database.db, testDefinition('awaited', topic, alertTopic));
    await produce(topic, 100, 51);
    const url = new URL(database.url);
    const databasePort = Number(url.port);
    const brokerPort = Number(broker.brokers[0]?.split(':').at(-1));
    const proxies = [await TcpProxy.listen(() => databasePort), await TcpProxy.listen(() => brokerPort)] as const;
    for (const proxy of proxies) proxy.set({ kind: 'refuse' });
    url.host = `127.0.0.1:${proxies[0].port}`;
    const { status, parts } = await start({
      FLOWLINE_DATABASE_URL: url.href,
      FLOWLINE_KAFKA_BROKERS: `127.0.0.1:${proxies[1].port}`,
    });
    const waits = { healthy: true, ready: false, detail: expect.stringContaining('waiting') };
    await scorers.eventually(async () => expect(await parts()).toEqual({ database: waits }));
    expect([await status('/livez'), await status('/readyz')]).toEqual([200, 503]);
    proxies[0].set({ kind: 'pass' });
    await scorers.eventually(async () => expect(await parts()).toEqual({ brokers: waits }));
    proxies[1].set({ kind: 'pass' });
    await scorers.eventually(async () => expect(await stored()).toBe(100));
    expect(await status('/readyz')).toBe(200);
    await Promise.all(proxies.map((proxy) => proxy.close()));
  }, 120_000);

  it('shares the partitions among scorers, and takes over those of one that is gone', async () => {
    const { topic, alertTopic } = await newTopics('shared');
    await applyTestDetector(database.db, testDefinition('shared', topic, alertTopic));
    const first = await start();
    await produce(topic, 400, 31);
    await scorers.eventually(async () => expect(await stored()).toBe(400));
    const second = await start();
    const admin = broker.kafka.admin();
    await admin.connect();
    const shares = async (): Promise<number[]> => {
      const { groups: known } = await admin.listGroups();
      const ours = known.map(({ groupId }) => groupId).filter((id) => id.startsWith('flowline.shared.'));
      const { groups } = await admin.describeGroups(ours);
      return (groups[0]?.members ?? []).map(({ memberAssignment }) => partitionsIn(memberAssignment, topic));
    };
    await scorers.eventually(async () => expect(await shares()).toEqual([2, 2]));
    await produce(topic, 400, 32);
    await scorers.eventually(async () => expect(await stored()).toBe(800));
    first.scorer.child.kill('SIGKILL');
    await first.scorer.ended;
    await produce(topic, 400, 33);
    await scorers.eventually(async () => expect(await stored()).toBe(1200));
    expect(await shares()).toEqual([PARTITIONS]);
    await admin.disconnect();
    const check = await checkDelivery(broker.brokers, database, 'shared', topic);
    expect(check).toMatchObject({ records: 1200, scored: 1200, lost: [], duplicated: [] });
    second.scorer.child.kill('SIGTERM');
    expect(await second.scorer.ended).toBe(0);
  }, 180_000);
});

/**
 * Number of partitions of a topic in an assignment, which is encoded as: version, then [topic,
 * [partition]].
 */
function partitionsIn(assignment: Buffer, topic: string): number {
  const name = Buffer.from(topic);
  const at = assignment.indexOf(name);
  return at < 0 ? 0 : assignment.readInt32BE(at + name.length);
}
