import { parseDetector } from '@flowline/config';
import { applyDetector, championVersion, listTrainingRuns } from '@flowline/db';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { checkDelivery } from '../support/checker.ts';
import { withJavaClient } from '../support/java-kafka.ts';
import { startKafka, type TestKafka } from '../support/kafka.ts';
import { startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
import { RunningScorers } from '../support/running-scorers.ts';
import { testEvents } from '../support/scorer-model.ts';

withJavaClient(describe)('a detector without history', () => {
  let broker: TestKafka;
  let postgres: TestPostgres;
  let database: TestDatabase;
  const scorers = new RunningScorers(() => ({ broker, database }));

  beforeAll(async () => {
    [broker, postgres] = await Promise.all([startKafka(), startPostgres()]);
    database = await postgres.createDatabase();
  }, 180_000);
  afterAll(async () => {
    await Promise.all([broker.stop(), postgres.stop()]);
  }, 60_000);

  const produce = (topic: string, values: readonly string[]): Promise<void> =>
    broker.produce(
      topic,
      values.map((value, i) => ({ value, partition: i % 2 })),
    );

  const count = async (what: string): Promise<number> =>
    Number((await database.query(`SELECT count(*)::int AS n FROM flowline.scored_events WHERE ${what}`))[0]?.n);

  it('collects its events, has its first model trained from them, is scored from then on, and learns a new feature', async () => {
    const topic = `collect-${process.pid}`;
    await broker.createTopic(topic, 2);
    await broker.createTopic(`${topic}.alerts`, 1);
    const definition = (features: string) =>
      parseDetector(
        `apiVersion: flowline/v1
kind: Detector
metadata: { name: collect }
spec:
  source: { kafka: { topic: ${topic} }, time: { field: ts, unit: ms }, eventId: id }
  history: { from: scored_events }
  features:
    - { name: latency, type: positive }
    - { name: amount, type: real }
    - { name: method, type: categorical }
${features}  missing: { nullable: [amount] }
  model: { budget: { steps: 60 } }
  training: { data: clean, firstModelRows: 3000 }
  decision: { control: { alpha: 0.001 } }
  alerts: { topic: ${topic}.alerts }
`,
        'test detector',
      );
    await applyDetector(database.db, definition(''));
    const scorer = scorers.start();
    const trainer = scorers.startTrainer(['serve']);

    const events = testEvents(3400, 5).map((event) => JSON.stringify(event));
    await produce(topic, [...events.slice(0, 2000), 'not json']);
    await scorers.eventually(async () => expect(await count('model_version IS NULL')).toBe(2000));
    expect(await championVersion(database.db, 'collect')).toBeNull();
    expect(await listTrainingRuns(database.db, 'collect')).toEqual([]);

    await produce(topic, events.slice(2000, 3000));
    await scorers.eventually(async () => expect(await championVersion(database.db, 'collect')).toBe(1), 120_000);
    await scorers.eventually(() => expect(scorer.stderr()).toContain('scoring begins'));
    await produce(topic, events.slice(3000));
    await scorers.eventually(async () => expect(await count('model_version = 1')).toBeGreaterThanOrEqual(400));

    const [run] = await listTrainingRuns(database.db, 'collect');
    expect(run).toMatchObject({ status: 'succeeded', modelVersion: 1, promoted: true });
    const check = await checkDelivery(broker.brokers, database, 'collect', topic);
    expect(check).toEqual({
      records: 3401,
      scored: 3400,
      deadLetters: 1,
      duplicates: 0,
      lost: [],
      duplicated: [],
      invented: [],
    });

    // One more feature: the old model keeps scoring, and the events that it scores are history for
    // the next one.
    await applyDetector(database.db, definition('    - { name: items, type: positive }\n'));
    await scorers.eventually(() => expect(scorer.stderr()).toContain('another version is in force'));
    const richer = testEvents(3600, 6).map((event, i) =>
      JSON.stringify({ ...event, id: `richer-${i}`, items: 1 + (i % 7) }),
    );
    await produce(topic, richer.slice(0, 3200));
    await scorers.eventually(async () => expect(await championVersion(database.db, 'collect')).toBe(2), 120_000);
    await scorers.eventually(() => expect(scorer.stderr()).toContain('model swapped'));
    expect(await count('model_version = 1 AND detector_version = 2')).toBeGreaterThanOrEqual(3000);
    await produce(topic, richer.slice(3200));
    await scorers.eventually(
      async () => expect(await count('model_version = 2 AND detector_version = 2')).toBeGreaterThanOrEqual(400),
      60_000,
    );
    expect((await listTrainingRuns(database.db, 'collect')).map(({ modelVersion }) => modelVersion)).toEqual([2, 1]);
    const whole = await checkDelivery(broker.brokers, database, 'collect', topic);
    expect(whole).toEqual({
      records: 7001,
      scored: 7000,
      deadLetters: 1,
      duplicates: 0,
      lost: [],
      duplicated: [],
      invented: [],
    });
    scorer.child.kill('SIGTERM');
    trainer.child.kill('SIGTERM');
    expect(await Promise.all([scorer.ended, trainer.ended])).toEqual([0, 0]);
  }, 400_000);
});
