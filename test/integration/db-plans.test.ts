import { migrate } from '@flowline/db';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type pg from 'pg';

import {
  type AnomalyParameters,
  claimAwaited,
  expireAnomalies,
  selectAnomalies,
} from '../../libs/db/src/sql/anomalies.ts';
import { expireDeadAlerts } from '../../libs/db/src/sql/dead-alerts.ts';
import { expireDeadLetters } from '../../libs/db/src/sql/dead-letters.ts';
import { expireEntities } from '../../libs/db/src/sql/entities.ts';
import { claimDeliveries } from '../../libs/db/src/sql/deliveries.ts';
import { claimOutbox, expireOutbox, insertOutbox } from '../../libs/db/src/sql/outbox.ts';
import { selectAlarmDays } from '../../libs/db/src/sql/score-summaries.ts';
import { migrateBefore } from '../support/earlier-release.ts';
import { startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';

const ANOMALIES = 20_000;
const EVENTS = 60_000;
const EXPIRY = { detector: 'detector 1', keepDays: 3, limit: 5_000 };
const QUEUE = { detector: 'detector 1', limit: 500, holdMs: 60_000 };
const STORED = {
  ...{ detector: 'detector 1', sinks: ['kafka'], topics: ['t'], keys: ['k'], headers: ['h'], values: ['v'] },
  ...{
    messageIds: [],
    alertIds: [],
    fingerprints: [],
    eventTopics: ['t'],
    partitions: [0],
    offsets: [1],
    eventIds: ['e'],
  },
};
const STORED_EVENT = `SELECT * FROM flowline.scored_events
  WHERE event_id = $1 AND event_time >= $2::timestamptz AND event_time < $3::timestamptz`;

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
    INSERT INTO flowline.event_counts (detector, model_version, day, topic, partition, events, anomalies)
    SELECT 'detector ' || d, 1, current_date - i, 't', 0, 1, 1 FROM generate_series(0, 99) AS d, generate_series(0, 14) AS i;
    INSERT INTO flowline.detectors (name, current_version) SELECT 'detector-' || i, 1 FROM generate_series(1, 100) AS i;
    INSERT INTO flowline.detector_versions (detector, version, definition, sha256)
    SELECT 'detector-' || i, 1, '{}', repeat('0', 64) FROM generate_series(1, 100) AS i;
    INSERT INTO flowline.alerts (alert_id, fingerprint, is_latest, detector, topic, partition, kind, phase, severity, count,
      first_seen, last_seen, peak_bits, recent, told, messages)
    SELECT gen_random_uuid(), gen_random_uuid(), true, 'detector-' || i % 100, 't', 0, 'density', 'resolved', 'info', 1, now(), now(),
      1, '{}', 'resolved', 1 FROM generate_series(1, ${ANOMALIES}) AS i;
    INSERT INTO flowline.score_sources (detector, detector_version, model_version, topic, partition) VALUES ('detector 1', 1, 1, 't', 0);
    INSERT INTO flowline.score_sources (detector, detector_version, model_version, topic, partition)
    SELECT 'detector ' || i, 1, 1, 't', 0 FROM generate_series(2, 100) AS i;
    INSERT INTO flowline.score_hours (source_id, starts_at, width_seconds, events, anomalies, expected, bits_sum, bits_min, bits_max,
      p_cells, bits_cells)
    SELECT source_id, date_trunc('hour', now()) - i * interval '1 hour', 3600, 1, 0, 0, 1, 1, 1, '{}', '{}'
    FROM flowline.score_sources, generate_series(1, 24 * 31) AS i;
    INSERT INTO flowline.event_scores (scored_at, event_time, "offset", source_id, log_density, p_value, flags, event_id, numeric_values)
    SELECT now(), now() - (${EVENTS} - i) * interval '1 second', i, 1, -1, 0.5, 6, 'event ' || i, array_fill(1.5::real, ARRAY[10])
    FROM generate_series(1, ${EVENTS}) AS i;
    INSERT INTO flowline.entity_partitions (detector, topic, entity, partition, last_seen)
    SELECT 'detector ' || i % 10, 't', 'entity ' || i, 0, current_date - i % 7 FROM generate_series(1, ${ANOMALIES}) AS i;
    INSERT INTO flowline.dead_letters (detector, detector_version, topic, partition, "offset", reason, message, headers, record_time,
      stored_at)
    SELECT 'detector ' || i % 10, 1, 't', 0, i, 'no_json', 'x', '{}', now(), now() - i * interval '1 minute'
    FROM generate_series(1, ${ANOMALIES}) AS i;
    INSERT INTO flowline.alert_outbox (alert_id, detector, topic, key, headers, value, sent_at, dead_at)
    SELECT gen_random_uuid(), 'detector ' || i % 10, 't', '', '{}', repeat('x', 300), CASE WHEN i % 10 > 0 THEN now() END,
      CASE WHEN i % 10 = 0 THEN now() END
    FROM generate_series(1, ${ANOMALIES}) AS i`);
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
async function genericPlan({ text, values }: Sent, asker = client): Promise<string> {
  await asker.query(`DEALLOCATE ALL; PREPARE asked AS ${text}`);
  const literals = values.map((value) => asker.escapeLiteral(String(value)));
  const { rows } = await asker.query<{ 'QUERY PLAN': string }>(
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

  it('of the alarms by day reads hours, by their key, and no minutes', async () => {
    const asked = { detector: 'detector 1', from: new Date('2026-01-01') };
    const { text, values } = await sentBy((recorder) => selectAlarmDays(recorder, asked));
    const written = values.map((value) => (value instanceof Date ? value.toISOString() : value));
    const plan = await genericPlan({ text, values: written });
    expect(plan).toContain('score_hours_pkey');
    expect(plan).not.toContain('score_summaries');
  });

  it('of the anomalies in order of their p-value reads an index', async () => {
    const text = 'SELECT * FROM flowline.v1_anomalies ORDER BY p_value LIMIT 10';
    expect(await genericPlan({ text, values: [] })).toContain('anomalies_p_value');
    const ofDetector = 'SELECT * FROM flowline.v1_anomalies WHERE detector = $1 ORDER BY p_value LIMIT 10';
    expect(await genericPlan({ text: ofDetector, values: ['detector 1'] })).toContain('anomalies_detector_p_value');
  });

  it('of a view of the SQL surface reads indexes, and no stored events', async () => {
    const daily = `SELECT * FROM flowline.v1_feature_contribution_daily WHERE detector = $1 AND day >= $2::date`;
    const contributions = await genericPlan({ text: daily, values: ['detector 1', '2026-01-01'] });
    expect(contributions).toMatch(/anomalies_scored_at/);
    const health = await genericPlan({ text: 'SELECT * FROM flowline.v1_detector_health', values: [] });
    expect(health).toMatch(/dead_letters_stored_at[\s\S]*alerts_due/);
    expect(health).not.toMatch(/Seq Scan on (anomalies|alerts|dead_letters)/);
    for (const view of ['v1_calibration', 'v1_model_leaderboard', 'v1_alert_rate_daily', 'v1_alerts']) {
      const plan = await genericPlan({ text: `SELECT * FROM flowline.${view}`, values: [] });
      expect(plan + contributions + health).not.toContain('event_scores');
    }
  });

  it('of a stored event within a time range reads the block ranges of both', async () => {
    const values = ['event 7', '2026-01-01', '2026-01-02'];
    expect(await genericPlan({ text: STORED_EVENT, values })).toMatch(
      /Bitmap Index Scan on event_scores_\d{4}_\d{2}_\d{2}_event_\w+_idx/,
    );
  });

  it.each<[string, (recorder: Parameters<typeof selectAnomalies>[0]) => Promise<unknown>, RegExp]>([
    ['anomalies', (recorder) => expireAnomalies(recorder, EXPIRY), /anomalies_scored_at/],
    ['dead letters', (recorder) => expireDeadLetters(recorder, EXPIRY), /dead_letters_stored_at/],
    ['entities', (recorder) => expireEntities(recorder, EXPIRY), /entity_partitions_last_seen/],
    ['alerts that were sent', (recorder) => expireOutbox(recorder, EXPIRY), /alert_outbox_sent/],
    ['alerts that were set aside', (recorder) => expireDeadAlerts(recorder, EXPIRY), /alert_outbox_dead/],
  ])('of the retention of %s reads an index', async (_, expire, index) => {
    const plan = await genericPlan(await sentBy(expire));
    expect(plan).toMatch(index);
    expect(plan).not.toContain('Seq Scan');
  });

  it.each<[string, (recorder: Parameters<typeof selectAnomalies>[0]) => Promise<unknown>, RegExp]>([
    ['storing', (recorder) => insertOutbox(recorder, STORED), /anomalies_event/],
    ['explaining for', (recorder) => claimAwaited(recorder, { detector: 'detector 1', limit: 8 }), /anomaly_id = ANY/],
    ['sending', (recorder) => claimOutbox(recorder, { ...QUEUE, sink: 'kafka', topic: 't' }), /anomalies_pkey/],
    [
      'delivering',
      (recorder) => claimDeliveries(recorder, { ...QUEUE, sink: 'ops', detectors: ['d'], claimMs: 1 }),
      /anomalies_pkey/,
    ],
  ])('of %s messages that wait for their explanation reads an index', async (_, run, index) => {
    const { text, values } = await sentBy(run);
    const literals = values.map((value) => (Array.isArray(value) ? `{${value.join(',')}}` : value));
    const plan = await genericPlan({ text, values: literals });
    expect(plan).toMatch(index);
    expect(plan).not.toContain('Seq Scan');
  });
});

describe('a stored event of an old day', () => {
  it('is found by an index of its time, whichever its detector', async () => {
    const old = await postgres.createDatabase({ migrated: false });
    await migrateBefore(old, '0040');
    await old.query(`INSERT INTO flowline.scored_events (detector, detector_version, model_version, topic, partition, "offset",
        event_id, event_time, log_density_nats, p_value, p_method, is_anomaly, numeric_values, level_values)
      SELECT 'detector ''' || i % 8, 1, 1, 't', 0, i, 'event ' || i, '2026-01-01Z'::timestamptz + i * interval '1 second', -1, 0.5,
        'tail', false, array_fill(1.5, ARRAY[10]), '{}'
      FROM generate_series(1, ${EVENTS}) AS i`);
    await migrate(old.db);
    const asker = await old.client();
    await asker.query('VACUUM ANALYZE');
    await asker.query('SET plan_cache_mode = force_generic_plan');
    const values = ['event 7', '2026-01-01 00:00Z', '2026-01-01 00:01Z'];
    expect(await genericPlan({ text: STORED_EVENT, values }, asker)).toMatch(
      /on scored_events_\d{4}_\d{2}_\d{2}_detector_event_time_idx[\s\S]*Index Cond: .*detector = ANY.*event_time/,
    );
    const found = await old.query(STORED_EVENT, values);
    expect(found.map(({ detector }) => detector)).toEqual([`detector '7`]);
    expect(await old.query('SELECT count(*)::int AS n FROM flowline.scored_events')).toEqual([{ n: EVENTS }]);
  });
});
