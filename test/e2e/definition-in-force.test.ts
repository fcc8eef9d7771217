import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { parseDetector } from '@flowline/config';
import { countBacklogAnomalies, readInForce } from '@flowline/db';
import type { Alert } from '@flowline/events';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { readTopic } from '../support/checker.ts';
import { spread, startKafka, type TestKafka, withKafka } from '../support/kafka.ts';
import { freePort, startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
import { RunningScorers } from '../support/running-scorers.ts';
import { applyTestDetector, storeTestModel, testDetectorYaml, testEvents } from '../support/scorer-model.ts';

const PARTITIONS = 2;
const EVENTS = 2_000;
const NAME = 'in-force';

withKafka(describe)('the definition and the model in force', () => {
  let broker: TestKafka;
  let postgres: TestPostgres;
  let database: TestDatabase;
  let folder: string;
  const scorers = new RunningScorers(() => ({ broker, database }));

  beforeAll(async () => {
    [broker, postgres] = await Promise.all([startKafka(), startPostgres()]);
    database = await postgres.createDatabase();
    folder = await mkdtemp(path.join(tmpdir(), 'flowline-in-force-'));
  }, 180_000);
  afterAll(async () => {
    await Promise.all([broker.stop(), postgres.stop(), rm(folder, { recursive: true, force: true })]);
  }, 60_000);

  /** Runs a command as a user does. */
  async function flowline(...args: string[]): Promise<string> {
    const cli = scorers.startCli(args);
    const code = await cli.ended;
    if (code !== 0) throw new Error(`flowline ${args.join(' ')} ended with ${code}: ${cli.stderr()}`);
    return cli.stdout();
  }

  /** Versions and alpha that the scorer reports as in force. */
  const inForce = async () => {
    const { detectorVersion, modelVersion, alpha } = (await readInForce(database.db, NAME)) ?? {};
    return { detectorVersion, modelVersion, alpha };
  };

  /** Produces events from one seed, and waits until all are stored. */
  async function produce(topic: string, seed: number, count = EVENTS): Promise<void> {
    await broker.produce(topic, spread(testEvents(count, seed), PARTITIONS));
    await scorers.eventually(async () => expect((await outcome(seed)).events).toBe(count));
  }

  /**
   * Outcome for the events of one seed: the models that scored them, and the alphas behind the
   * anomalies.
   */
  async function outcome(seed: number) {
    await scorers.eventually(async () => expect(await countBacklogAnomalies(database.db, NAME)).toBe(0));
    const [row] = await database.query(
      `SELECT count(*)::int AS events, array_agg(DISTINCT e.model_version) AS models,
              count(*) FILTER (WHERE p_value <= 0.001)::int AS rare, count(*) FILTER (WHERE p_value <= 0.05)::int AS unusual,
              (SELECT count(*)::int FROM flowline.anomalies a WHERE a.event_id LIKE $1) AS anomalies
       FROM flowline.scored_events e WHERE event_id LIKE $1`,
      [`e${seed}-%`],
    );
    return row as { events: number; models: number[]; rare: number; unusual: number; anomalies: number };
  }

  /** Alerts on the topic for the events of one seed. */
  async function alertsOf(alertTopic: string, seed: number): Promise<Alert[]> {
    const alerts = (await readTopic(broker.brokers, alertTopic)).map(({ value }) => JSON.parse(value ?? '') as Alert);
    return alerts.filter(({ event }) => event.id.startsWith(`e${seed}-`));
  }

  it('decide in a running scorer: another alpha, a model that is promoted, and the one it is rolled back to', async () => {
    const topic = `${NAME}-${process.pid}`;
    const alertTopic = `${topic}.alerts`;
    await broker.createTopic(topic, PARTITIONS);
    await broker.createTopic(alertTopic, 1);
    const yaml = testDetectorYaml(NAME, topic, alertTopic);
    const definition = parseDetector(yaml, 'test detector');
    await applyTestDetector(database.db, definition);
    const port = await freePort();
    const scorer = scorers.start([], { FLOWLINE_HTTP_PORT: String(port) });

    await produce(topic, 61);
    const before = await outcome(61);
    expect(before).toMatchObject({ models: [1], anomalies: before.rare });

    // A new rate takes effect without training and without a restart.
    const file = path.join(folder, 'detector.yaml');
    await writeFile(file, yaml.replace('alpha: 0.001', 'alpha: 0.05'));
    expect(await flowline('apply', file)).toBe(`${NAME}: version 2 is in force now\n`);
    await scorers.eventually(async () =>
      expect(await inForce()).toEqual({ detectorVersion: 2, modelVersion: 1, alpha: 0.05 }),
    );
    await produce(topic, 62);
    const loosened = await outcome(62);
    expect(loosened).toMatchObject({ models: [1], anomalies: loosened.unusual });
    expect(loosened.unusual).toBeGreaterThan(Math.max(loosened.rare, before.anomalies));
    await scorers.eventually(async () => {
      const alerts = await alertsOf(alertTopic, 62);
      expect(new Set(alerts.map(({ event }) => event.id)).size).toBe(loosened.anomalies);
      expect(new Set(alerts.map(({ score, model }) => `${score.alpha} by ${model.version}`))).toEqual(
        new Set(['0.05 by 1']),
      );
    });

    // A stored model scores nothing until it is promoted.
    await storeTestModel(database.db, definition, 2);
    expect(await flowline('models', 'promote', NAME, '2')).toContain('model version 2 is the champion now');
    await scorers.eventually(async () => expect(await inForce()).toMatchObject({ modelVersion: 2, alpha: 0.05 }));
    await produce(topic, 63);
    const promoted = await outcome(63);
    expect(promoted).toMatchObject({ models: [2], anomalies: promoted.unusual });

    // Events one at a time: the first one that the earlier model scores shows how long the rollback
    // took.
    expect(await flowline('models', 'rollback', NAME)).toContain('model version 1 is the champion again');
    const rolledBackMs = performance.now();
    let sent = 0;
    await scorers.eventually(async () => {
      await broker.produce(topic, spread(testEvents(++sent, 64).slice(-1), 1));
      expect((await outcome(64)).models).toContain(1);
    });
    console.info(`rolled back: the earlier model scores ${Math.round(performance.now() - rolledBackMs)} ms later`);
    await produce(topic, 65);
    const rolledBack = await outcome(65);
    expect(rolledBack).toMatchObject({ models: [1], anomalies: rolledBack.unusual });
    await scorers.eventually(async () => {
      const versions = (await alertsOf(alertTopic, 65)).map(({ model }) => model.version);
      expect(versions).toHaveLength(rolledBack.anomalies);
      expect(new Set(versions)).toEqual(new Set([1]));
    });

    // New features need a new model: the earlier one keeps scoring, and readiness gives the reason.
    const readiness = async (): Promise<string> => (await fetch(`http://127.0.0.1:${port}/readyz`)).text();
    expect(await readiness()).toContain('scoring with model version 1, alpha 0.05"');
    await writeFile(file, yaml.replace('alpha: 0.001', 'alpha: 0.05').replace('type: positive', 'type: real'));
    expect(await flowline('apply', file)).toContain('spec.features: takes effect with the next model');
    await scorers.eventually(async () => {
      expect(await readiness()).toMatch(
        /"ready":true,"detail":"scoring with model version 1, alpha 0.05; spec.features of definition version 3 wait for a model/,
      );
    });
    expect(await flowline('status', NAME)).toContain('spec.features of version 3 take effect with the next model');

    // Rows stored earlier have not changed.
    expect([await outcome(61), await outcome(62), await outcome(63)]).toEqual([before, loosened, promoted]);
    expect(scorer.child.exitCode).toBeNull();
    scorer.child.kill('SIGTERM');
    expect(await scorer.ended).toBe(0);
  }, 240_000);
});
