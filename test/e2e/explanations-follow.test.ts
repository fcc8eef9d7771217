import type { AnomalyAlertMessage } from '@flowline/alerts';
import { parseDetector } from '@flowline/config';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { readTopic } from '../support/checker.ts';
import { spread, startKafka, type TestKafka } from '../support/kafka.ts';
import { startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
import { RunningScorers } from '../support/running-scorers.ts';
import { applyTestDetector, oddEvent, testDetectorYaml, testEvents } from '../support/scorer-model.ts';
import { until } from '../support/until.ts';

describe('explanations that follow their anomalies', () => {
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

  it('are added to the stored anomalies and their messages by the model that scored them, across a kill', async () => {
    const topic = `follow-${process.pid}-${Date.now()}`;
    const alertTopic = `${topic}.alerts`;
    await broker.createTopic(topic, 1);
    await broker.createTopic(alertTopic, 1);
    const alerts = `alerts: { topic: ${alertTopic}`;
    const yaml = testDetectorYaml('follow', topic).replace(alerts, `${alerts}, explainShare: 0`);
    await applyTestDetector(database.db, parseDetector(yaml, 'test'));
    const EVENTS = 600;
    const ODD = 60;
    const events = testEvents(EVENTS, 21).map((event, i) => (i % 10 === 5 ? oddEvent(event.id) : event));
    await broker.produce(topic, spread(events, 1));

    const waiting = async (): Promise<number> =>
      Number((await database.query('SELECT count(*) AS n FROM flowline.v1_anomalies WHERE explanation_follows'))[0]?.n);
    const first = scorers.start(['--source', 'kafka']);
    await scorers.untilStored(EVENTS);
    first.child.kill('SIGKILL');
    await first.ended;
    const second = scorers.start(['--source', 'kafka']);
    await until('every anomaly is explained', async () => (await waiting()) === 0);
    const unsent = () => database.query('SELECT 1 FROM flowline.alert_outbox WHERE sent_at IS NULL');
    await until('every message has left', async () => (await unsent()).length === 0);
    second.child.kill('SIGTERM');
    expect(await second.ended).toBe(0);

    const odd = await database.query(
      `SELECT alert_id::text AS id, top_feature, summary, contributions, model_version
       FROM flowline.v1_anomalies WHERE observed ->> 'latency' = '1000000' ORDER BY anomaly_id`,
    );
    expect(odd).toHaveLength(ODD);
    for (const anomaly of odd) {
      expect(['latency', 'amount']).toContain(anomaly.top_feature);
      expect(String(anomaly.summary)).toMatch(/, expected .* given the rest/);
      expect((anomaly.contributions as unknown[]).length).toBeGreaterThan(1);
    }
    // Every alert left with its explanation, although none was explained before it was stored.
    const sent = (await readTopic(broker.brokers, alertTopic)).map(
      ({ value }) => JSON.parse(String(value)) as AnomalyAlertMessage,
    );
    expect(new Set(sent.map(({ explanation }) => explanation))).toEqual(new Set(['complete']));
    expect(odd.filter(({ id }) => !sent.some(({ alertId }) => alertId === id))).toEqual([]);
    for (const { contributions, expected, summary } of sent) {
      expect(contributions.length).toBeGreaterThan(0);
      expect(Object.keys(expected).length).toBeGreaterThan(0);
      expect(summary).toMatch(/, expected .* given the rest/);
    }
  }, 180_000);
});
