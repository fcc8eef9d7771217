import { type AlertMessage, alertMessageSchema } from '@flowline/alerts';
import { parseDetector } from '@flowline/config';
import { applyDetector, promote } from '@flowline/db';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { readTopic } from '../support/checker.ts';
import { spread, startKafka, type TestKafka, withKafka } from '../support/kafka.ts';
import { startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
import { RunningScorers } from '../support/running-scorers.ts';
import { applyTestDetector, testDetectorYaml, testEvents } from '../support/scorer-model.ts';

const NAME = 'silent';
const EVERY_MS = 4_000;

withKafka(describe)('the absence of a stream', () => {
  let broker: TestKafka;
  let postgres: TestPostgres;
  let database: TestDatabase;
  const topic = `${NAME}-${process.pid}`;
  const scorers = new RunningScorers(() => ({ broker, database }));

  beforeAll(async () => {
    [broker, postgres] = await Promise.all([startKafka(), startPostgres()]);
    database = await postgres.createDatabase();
    await broker.createTopic(topic, 2);
    await broker.createTopic(`${topic}.alerts`, 1);
  }, 180_000);
  afterAll(async () => {
    await Promise.all([broker.stop(), postgres.stop()]);
  }, 60_000);

  const definition = (absence: string) =>
    parseDetector(
      testDetectorYaml(NAME, topic).replace('sendResolved: false', `sendResolved: true${absence}`),
      'test detector',
    );

  let sent = 0;
  async function produce(count: number): Promise<void> {
    const events = testEvents(count, 7).map((event) => ({ ...event, id: `n${++sent}` }));
    await broker.produce(topic, spread(events, 2));
  }
  /** Messages about absences that have left, each as the published schema has it. */
  async function told(): Promise<AlertMessage[]> {
    const messages = (await readTopic(broker.brokers, `${topic}.alerts`)).map(
      ({ value }) => JSON.parse(value ?? '') as AlertMessage,
    );
    const absences = messages.filter(({ kind }) => kind === 'absence');
    for (const message of absences) expect(alertMessageSchema.parse(message)).toEqual(message);
    return absences;
  }
  const stored = async () =>
    Number((await database.query('SELECT count(*)::int AS n FROM flowline.scored_events'))[0]?.n);
  const rows = () =>
    database.query(
      `SELECT state, count::integer, messages FROM flowline.v1_alerts WHERE kind = 'absence' ORDER BY first_seen`,
    );

  it('raises one alert within two intervals, also after a kill, and is resolved with the next event', async () => {
    await applyTestDetector(database.db, definition(`, absence: { expectEvery: ${EVERY_MS / 1_000}s }`));
    const two = [scorers.start(), scorers.start()];
    // A stream that was silent from the start has not stopped.
    await new Promise((resolve) => setTimeout(resolve, 2 * EVERY_MS));
    expect(await rows()).toEqual([]);

    await produce(40);
    await scorers.untilStored(40);
    const stoppedMs = performance.now();
    await scorers.eventually(async () => expect(await rows()).toEqual([{ state: 'open', count: 1, messages: 1 }]));
    const raisedMs = performance.now() - stoppedMs;
    console.info(`raised ${Math.round(raisedMs)} ms after the last event, of an interval of ${EVERY_MS} ms`);
    // The rest is for a busy machine: the answers of Postgres and of the broker.
    expect(raisedMs).toBeLessThan(2 * EVERY_MS + 1_500);
    await scorers.eventually(async () => expect(await told()).toMatchObject([{ state: 'opened', entity: null }]));

    // Killed and started again, while the stream is silent: no second alert.
    for (const { child } of two) child.kill('SIGKILL');
    await Promise.all(two.map(({ ended }) => ended));
    const again = scorers.start();
    await scorers.eventually(() => expect(again.stderr()).toContain('champion'));
    await new Promise((resolve) => setTimeout(resolve, 3 * EVERY_MS));
    expect(await rows()).toEqual([{ state: 'open', count: 1, messages: 1 }]);

    await produce(1);
    await scorers.eventually(async () => expect(await rows()).toEqual([{ state: 'resolved', count: 1, messages: 2 }]));
    await scorers.eventually(async () =>
      expect((await told()).map(({ state }) => state)).toEqual(['opened', 'resolved']),
    );
    const [opened, resolved] = await told();
    expect(resolved?.alertId).toBe(opened?.alertId);
    expect(await stored()).toBe(41);

    // It stopped while nobody looked: the alert is raised by the scorer that starts.
    again.child.kill('SIGKILL');
    await again.ended;
    await new Promise((resolve) => setTimeout(resolve, 2 * EVERY_MS));
    scorers.start();
    await scorers.eventually(async () => expect(await rows()).toMatchObject([{ state: 'open', count: 2 }]));

    // Without `absence` nothing is expected any more.
    await applyDetector(database.db, definition(''));
    await scorers.eventually(async () => expect(await rows()).toMatchObject([{ state: 'resolved', count: 2 }]));
    expect(await database.query('SELECT 1 FROM flowline.arrivals')).toEqual([]);
  }, 240_000);

  it('is watched by the intervals that the champion has learned, once there is one that has', async () => {
    await applyDetector(database.db, definition(', absence: { expectEvery: auto }'));
    const scorer = scorers.start();
    await scorers.eventually(() => expect(scorer.stderr()).toContain('intervals are still to be learned'));
    await produce(1);
    await scorers.untilStored(42);
    expect(await database.query('SELECT 1 FROM flowline.arrivals')).toEqual([]);

    const hoursMs = Array.from({ length: 168 }, () => EVERY_MS);
    await database.query(
      `INSERT INTO flowline.model_versions (detector, version, detector_version, sha256, alpha, manifest)
       SELECT detector, 2, detector_version, sha256, alpha, $1 FROM flowline.model_versions`,
      [{ absence: { per: 'detector', timezone: 'UTC', hoursMs } }],
    );
    expect(await promote(database.db, NAME, 2)).toBe(true);
    await scorers.eventually(() => expect(scorer.stderr()).toContain('absence is watched by learned intervals'));
    await produce(1);
    await scorers.untilStored(43);
    await scorers.eventually(async () =>
      expect((await rows()).filter(({ state }) => state === 'open')).toHaveLength(1),
    );
    const opened = (await told()).at(-1);
    expect(opened).toMatchObject({ absence: { expectEveryMs: EVERY_MS, alertAfterMs: 1.5 * EVERY_MS } });

    // The champion before it has learned none: nothing is expected any more.
    expect(await promote(database.db, NAME, 1)).toBe(true);
    await scorers.eventually(async () => expect((await rows()).filter(({ state }) => state === 'open')).toEqual([]));
    expect(await database.query('SELECT 1 FROM flowline.arrivals')).toEqual([]);
  }, 240_000);
});
