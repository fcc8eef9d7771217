import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { resourcesInForce } from '@flowline/db';
import type { Alert } from '@flowline/events';
import { afterAll, beforeAll, expect, describe, it } from '@jest/globals';

import { readTopic } from '../support/checker.ts';
import { spread, startKafka, type TestKafka, withKafka } from '../support/kafka.ts';
import { freePort, startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
import { RunningScorers } from '../support/running-scorers.ts';
import { applyTestDetector, oddEvent, testDefinition } from '../support/scorer-model.ts';

const NAME = 'ruled';

withKafka(describe)('rules and calendars of a running scorer', () => {
  let broker: TestKafka;
  let postgres: TestPostgres;
  let database: TestDatabase;
  let folder: string;
  const scorers = new RunningScorers(() => ({ broker, database }));

  beforeAll(async () => {
    [broker, postgres] = await Promise.all([startKafka(), startPostgres()]);
    database = await postgres.createDatabase();
    folder = await mkdtemp(path.join(tmpdir(), 'flowline-rules-'));
  }, 180_000);
  afterAll(async () => {
    await Promise.all([broker.stop(), postgres.stop(), rm(folder, { recursive: true, force: true })]);
  }, 60_000);

  async function run(...args: string[]) {
    const cli = scorers.startCli(args);
    const code = await cli.ended;
    return { code, stdout: cli.stdout(), stderr: cli.stderr() };
  }

  /** Applies a document and waits until the scorer has read it. */
  async function apply(kind: string, name: string, spec: string): Promise<string> {
    const file = path.join(folder, `${name}.yaml`);
    await writeFile(file, `apiVersion: flowline/v1\nkind: ${kind}\nmetadata: { name: ${name} }\nspec: ${spec}\n`);
    const { code, stdout, stderr } = await run('apply', file);
    if (code !== 0) throw new Error(stderr);
    return stdout;
  }

  const stored = () => database.query('SELECT event_id, suppressed_by FROM flowline.v1_anomalies ORDER BY anomaly_id');

  it('are in force within seconds of apply, without a restart', async () => {
    const topic = `${NAME}-${process.pid}`;
    await broker.createTopic(topic, 1);
    await broker.createTopic(`${topic}.alerts`, 1);
    await applyTestDetector(database.db, testDefinition(NAME, topic));
    const port = await freePort();
    const scorer = scorers.start([], { FLOWLINE_HTTP_PORT: String(port) });
    let sent = 0;
    /** Sends events one at a time until one is suppressed as expected. */
    const until = async (suppressedBy: string | null): Promise<void> => {
      await scorers.eventually(async () => {
        await broker.produce(topic, spread([oddEvent(`odd-${++sent}`)], 1));
        await scorers.eventually(async () => expect((await stored()).length).toBe(sent));
        expect((await stored()).at(-1)?.suppressed_by).toBe(suppressedBy);
      });
    };

    await until(null);
    expect(
      await apply('Rule', 'huge', '{ when: x.latency > 1000.0, detectors: [ruled], then: { suppress: true } }'),
    ).toBe('rule huge: version 1 is in force now\n');
    const appliedMs = performance.now();
    await until('huge');
    console.info(`in force ${Math.round(performance.now() - appliedMs)} ms after apply`);

    const dry = await run('rules', 'dry-run', path.join(folder, 'huge.yaml'), '--since', '2026-01-01', '--json');
    const { examined, suppressedAlready, rows } = JSON.parse(dry.stdout) as Record<string, unknown>;
    expect({ examined, rows }).toMatchObject({ examined: sent, rows: [{ day: '2026-01-02', detector: NAME }] });
    expect(suppressedAlready).toBeGreaterThan(0);

    // A rule that fails for an event lets it pass, and says so.
    await run('rules', 'rm', 'huge');
    await apply('Rule', 'broken', `{ when: 'calendar["a" + "b"]', then: { suppress: true } }`);
    await scorers.eventually(async () => {
      await until(null);
      expect(await resourcesInForce(database.db, 'Rule')).toMatchObject([{ fault: `${NAME}: No such key: ab` }]);
    });

    await apply(
      'Calendar',
      'january',
      '{ timezone: UTC, events: [{ start: 2026-01-01, duration: 31d }], alerts: false }',
    );
    await until('calendar/january');

    const wrong = path.join(folder, 'wrong.yaml');
    await writeFile(
      wrong,
      `apiVersion: flowline/v1\nkind: Rule\nmetadata: { name: w }\nspec: { when: x.latencyy > 1.0, then: { suppress: true } }\n`,
    );
    expect((await run('apply', wrong)).stderr).toContain('there is no feature "latencyy" — did you mean "latency"?');

    const suppressed = (await stored())
      .filter(({ suppressed_by }) => suppressed_by !== null)
      .map((row) => row.event_id);
    const alerted = (await readTopic(broker.brokers, `${topic}.alerts`)).map(
      ({ value }) => (JSON.parse(value ?? '') as Alert).event.id,
    );
    expect(alerted.filter((id) => suppressed.includes(id))).toEqual([]);
    expect(alerted).toHaveLength(sent - suppressed.length);
    const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    expect(metrics).toContain(`flowline_anomalies_suppressed_total{detector="${NAME}",rule="huge"}`);
    expect(scorer.child.exitCode).toBeNull();
    scorer.child.kill('SIGTERM');
    expect(await scorer.ended).toBe(0);
  }, 240_000);
});
