import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type pg from 'pg';

import { type AnomalyParameters, expireAnomalies, selectAnomalies } from '../../libs/db/src/sql/anomalies.ts';
import { startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';

const ANOMALIES = 20_000;
const EVENTS = 60_000;

let postgres: TestPostgres;
let database: TestDatabase;
let client: pg.Client;

beforeAll(async () => {
  postgres = await startPostgres();
  database = await postgres.createDatabase();
  client = await database.client();
  await client.query(`
    INSERT INTO flowline.anomalies (alert_id, detector, detector_version, model_version, topic, partition, "offset", event_id,
      event_time, scored_at, reason, log_density_nats, p_value, p_method, surprise_bits, top_feature, summary, alert)
    SELECT gen_random_uuid(), 'detector ' || i % 100, 1, 1, 't', 0, i, 'event ' || i, now() - i * interval '1 minute',
      now() - i * interval '1 minute', 'low_density', -i, 1.0 / (i + 1), 'tail', i % 977, 'feature ' || i % 200, 'x',
      jsonb_build_object('event', jsonb_build_object('entity', 'entity ' || i % 500), 'filler', repeat(md5(i::text), 20))
    FROM generate_series(1, ${ANOMALIES}) AS i;
    INSERT INTO flowline.score_sources (detector, detector_version, model_version, topic, partition) VALUES ('detector 1', 1, 1, 't', 0);
    INSERT INTO flowline.event_scores (scored_at, event_time, "offset", source_id, log_density, p_value, flags, event_id, numeric_values)
    SELECT now(), now() - (${EVENTS} - i) * interval '1 second', i, 1, -1, 0.5, 6, 'event ' || i, array_fill(1.5::real, ARRAY[10])
    FROM generate_series(1, ${EVENTS}) AS i`);
  await client.query('VACUUM ANALYZE');
  await client.query('SET plan_cache_mode = force_generic_plan');
});
afterAll(() => postgres.stop());

interface Sent {
  readonly text: string;
  readonly values: readonly unknown[];
}

/** Statement that the product sends, with its values. */
async function sentBy(send: (recorder: Parameters<typeof selectAnomalies>[0]) => Promise<unknown>): Promise<Sent> {
  let sent: Sent = { text: '', values: [] };
  await send({
    query: (text, values = []) => {
      sent = { text, values };
      return Promise.resolve({ rows: [{}], rowCount: 1 });
    },
  });
  return sent;
}

/** Plan of a statement for any value of its parameters. */
async function genericPlan({ text, values }: Sent): Promise<string> {
  await client.query(`DEALLOCATE ALL; PREPARE asked AS ${text}`);
  const literals = values.map((value) => client.escapeLiteral(String(value)));
  const { rows } = await client.query<{ 'QUERY PLAN': string }>(
    `EXPLAIN EXECUTE asked${values.length > 0 ? `(${literals.join(', ')})` : ''}`,
  );
  return rows.map((row) => row['QUERY PLAN']).join('\n');
}

describe('the generic plan', () => {
  it.each<[string, 'time' | 'surprise', Omit<AnomalyParameters, 'limit'>, RegExp]>([
    ['the latest anomalies', 'time', {}, /anomalies_newest/],
    ['the latest of a detector', 'time', { detector: 'detector 1' }, /anomalies_event_time/],
    ['the most surprising', 'surprise', {}, /anomalies_surprise/],
    ['the most surprising of a detector', 'surprise', { detector: 'detector 1' }, /anomalies_detector_surprise/],
    ['those of an entity', 'time', { entity: 'entity 7' }, /anomalies_entity/],
    [
      'those of an entity of a detector',
      'surprise',
      { detector: 'detector 1', entity: 'entity 7' },
      /anomalies_entity/,
    ],
    ['those of a feature', 'time', { feature: 'feature 7' }, /anomalies_feature/],
    ['those of an event', 'time', { eventId: 'event 7' }, /anomalies_event(?!_)/],
  ])('of %s reads an index', async (_, order, conditions, index) => {
    const sent = await sentBy((recorder) => selectAnomalies(recorder, order, { ...conditions, limit: 20 }));
    const plan = await genericPlan(sent);
    expect(plan).toMatch(index);
    expect(plan).not.toContain('Seq Scan');
  });

  it('of the anomalies in order of their p-value reads an index', async () => {
    const text = 'SELECT * FROM flowline.v1_anomalies ORDER BY p_value LIMIT 10';
    expect(await genericPlan({ text, values: [] })).toContain('anomalies_p_value');
    const ofDetector = 'SELECT * FROM flowline.v1_anomalies WHERE detector = $1 ORDER BY p_value LIMIT 10';
    expect(await genericPlan({ text: ofDetector, values: ['detector 1'] })).toContain('anomalies_detector_p_value');
  });

  it('of a stored event within a time range reads the block ranges of both', async () => {
    const text = `SELECT * FROM flowline.scored_events
      WHERE event_id = $1 AND event_time >= $2::timestamptz AND event_time < $3::timestamptz`;
    const values = ['event 7', '2026-01-01', '2026-01-02'];
    expect(await genericPlan({ text, values })).toMatch(
      /Bitmap Index Scan on event_scores_\d{4}_\d{2}_\d{2}_event_\w+_idx/,
    );
  });

  it('of retention reads an index', async () => {
    const sent = await sentBy((recorder) =>
      expireAnomalies(recorder, { detector: 'detector 1', keepDays: 3, limit: 5_000 }),
    );
    const plan = await genericPlan(sent);
    expect(plan).toContain('anomalies_scored_at');
  });
});
