import { readFile } from 'node:fs/promises';

import { applyDetector, commitBatch, finishRun, promote, startTrainingRun, storeModelVersion } from '@flowline/db';
import type { Anomaly, ScoredBatch } from '@flowline/events';
import { alertRulesOf } from '@flowline/operations';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';

import { scoredBatch } from '../support/postgres-batch.ts';
import { type Row, startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
import { testDefinition } from '../support/scorer-model.ts';
import { SECTION, sqlReference } from '../support/sql-reference.ts';

const DENIED = '42501';
const EVENTS = 40;
const ANOMALOUS = [3, 9, 20, 33];
const RULES = { ...alertRulesOf(testDefinition('checkout', 'orders').alerts), groupBy: ['feature' as const] };

let page: string;
let postgres: TestPostgres;
let database: TestDatabase;
let reader: pg.Client;

beforeAll(async () => {
  page = await readFile(new URL('../../docs/reference/sql.md', import.meta.url), 'utf8');
  postgres = await startPostgres();
  database = await postgres.createDatabase();
  await fill(database);
  reader = new pg.Client(await readerUrl(database));
  await reader.connect();
});
afterAll(async () => {
  await reader.end();
  await postgres.stop();
});

/** Two models of a detector, the second in force, with events of now and alerts. */
async function fill({ db, query }: TestDatabase): Promise<void> {
  await applyDetector(db, testDefinition('checkout', 'orders'));
  for (const version of [1, 2]) {
    const attempt = await startTrainingRun(db, 'checkout', 1);
    const model = { detector: 'checkout', detectorVersion: 1, bytes: Buffer.of(version), alpha: 0.001 };
    const manifest = {
      ...{ family: 'realNVP', members: 2, heldOut: { nllNats: 5 - version, standardError: 0.1 } },
      history: { train: { rows: 600 }, calibration: { rows: 200 }, test: { rows: 100 } },
      calibration: { trimmedRows: 1, undefinedRows: 3 },
    };
    await storeModelVersion(db, { ...model, manifest });
    const comparison =
      version === 1 ? null : { champion: 1, comparable: true, meanDifferenceNats: 0.7, standardError: 0.2 };
    const metrics = {
      comparison,
      promotion: { promote: true, reason: `reason ${version}` },
      training: {
        seconds: 9,
        calibration: { rows: 200, trimmedRows: 1, designEffect: 1.5, hasTail: true },
        alarms: {
          ...{ testRows: 100, alarms: 7, expectedRate: 0.001, measuredRate: 0.07, verdict: 'above' },
          interval: { low: 0.0005, high: 0.002 },
        },
      },
    };
    await finishRun(db, attempt, { modelVersion: version, promoted: true, metrics });
    await promote(db, 'checkout', version);
  }
  await commitBatch(db, currentBatch(), { alertTopic: 'orders.alerts', alertRules: RULES, oncePerEvent: false });
  await query(`UPDATE flowline.anomalies SET alert_id = NULL, suppressed_by = 'nightly' WHERE "offset" = 33`);
}

/** A batch of the last minute. */
function currentBatch(): ScoredBatch {
  const batch = scoredBatch({ size: EVENTS, anomalies: ANOMALOUS, modelVersion: 2, deadLetters: [EVENTS] });
  const shiftMs = Date.now() - 60_000 - Date.UTC(2026, 0, 1);
  const shifted = ({ alert, ...anomaly }: Anomaly): Anomaly => ({
    ...anomaly,
    alert: {
      ...alert,
      event: { ...alert.event, time: new Date(Date.parse(alert.event.time) + shiftMs).toISOString() },
    },
  });
  return {
    ...batch,
    eventTimesMs: batch.eventTimesMs.map((time) => time + shiftMs),
    anomalies: batch.anomalies.map(shifted),
  };
}

async function readerUrl({ url, query }: TestDatabase): Promise<string> {
  const user = `surface_${process.pid}`;
  await query(`DROP ROLE IF EXISTS ${user}`);
  await query(`CREATE ROLE ${user} LOGIN NOSUPERUSER PASSWORD 'p' IN ROLE flowline_reader`);
  const own = new URL(url);
  own.username = user;
  own.password = 'p';
  return own.href;
}

const queriesOf = (text: string): string[] =>
  [...text.matchAll(/^```sql\n(.*?)^```$/gms)].map(([, statement = '']) => statement);
/** Rows of a view as JSON, in which counts are numbers. */
async function rowsOf(view: string, order = '1'): Promise<Row[]> {
  const text = `SELECT to_jsonb(v) AS row FROM (SELECT * FROM flowline.${view} ORDER BY ${order}) AS v`;
  return (await reader.query<{ row: Row }>(text)).rows.map(({ row }) => row);
}

describe('docs/reference/sql.md', () => {
  /** Text without the spaces by which a formatter aligns tables. */
  const plain = (text: string): string =>
    text
      .replace(/ +/g, ' ')
      .replace(/-{3,}/g, '---')
      .replace(/\s*\n\s*/g, '\n')
      .trim();
  const unwrapped = (text: string): string => plain(text).replace(/(?<![|])\n(?![|#])/g, ' ');

  it('lists the views with their columns, types and meanings', async () => {
    const [, , listed = ''] = SECTION.exec(page) ?? [];
    const written = await sqlReference(database.query);
    expect(unwrapped(listed)).toBe(unwrapped(written));
    expect(written).not.toMatch(/\|\s*\|$/m);
    const columns = await database.query(`SELECT table_name AS view, column_name AS name
      FROM information_schema.columns WHERE table_schema = 'flowline' AND table_name LIKE 'v1\\_%'`);
    expect(columns.length).toBeGreaterThan(100);
    for (const { view, name } of columns) {
      const section = listed.split('### ').find((part) => part.startsWith(`${String(view)}\n`)) ?? '';
      expect(section).toContain(`| \`${String(name)}\` `);
    }
  });

  it('has queries that a reader runs, and that return rows', async () => {
    const queries = queriesOf(page);
    expect(queries.length).toBeGreaterThanOrEqual(10);
    const rows = [];
    for (const statement of queries) rows.push((await reader.query(statement)).rowCount);
    expect(rows.every((count) => count !== null && count > 0)).toBe(true);
  });
});

describe('a reader', () => {
  it('is refused every table, partition and view that is not of the surface', async () => {
    const relations = await database.query(`SELECT relname AS name FROM pg_class
      WHERE relnamespace = 'flowline'::regnamespace AND relkind IN ('r', 'p', 'v') AND relname NOT LIKE 'v1\\_%'`);
    expect(relations.length).toBeGreaterThan(25);
    const allowed: unknown[] = [];
    for (const { name } of relations) {
      const code = await reader.query(`SELECT 1 FROM flowline."${String(name)}" LIMIT 1`).then(
        () => 'read',
        (error: unknown) => (error as { code: string }).code,
      );
      if (code !== DENIED) allowed.push(name);
    }
    expect(allowed).toEqual([]);
  });

  it('changes nothing through a view', async () => {
    for (const statement of ['DELETE FROM flowline.v1_alerts', `UPDATE flowline.v1_anomalies SET summary = ''`]) {
      await expect(reader.query(statement)).rejects.toMatchObject({ code: DENIED });
    }
  });
});

describe('the views', () => {
  it('v1_detector_health says what scores, what is wrong and what waits', async () => {
    expect(await rowsOf('v1_detector_health')).toMatchObject([
      {
        ...{ detector: 'checkout', state: 'active', definition_version: 1, champion: 2, newest_model: 2 },
        ...{ model_in_force: null, scorer_seen_at: null, last_training: 'succeeded', last_training_error: null },
        ...{ dead_letters_last_day: 1, open_alerts: 1, unacknowledged_alerts: 1, events_today: EVENTS },
        ...{
          anomalies_today: ANOMALOUS.length,
          expected_today: expect.closeTo(EVENTS * (0.02 + 0.98 * 0.001), 9),
          lost_records: 0,
        },
      },
    ]);
  });

  it('v1_model_leaderboard ranks by held-out likelihood', async () => {
    expect(await rowsOf('v1_model_leaderboard', 'rank')).toMatchObject([
      { model_version: 2, rank: 1, aliases: ['champion'], heldout_nll_nats: 3, compared_with: 1, gain_nats: 0.7 },
      { model_version: 1, rank: 2, aliases: ['previous'], heldout_nll_nats: 4, compared_with: null, train_rows: 600 },
    ]);
  });

  it('v1_calibration compares alarms promised and measured, also of a model that never scored', async () => {
    const rows = await rowsOf('v1_calibration', 'model_version');
    expect(rows).toMatchObject([
      { model_version: 1, events: 0, expected: 0, measured: 0, ratio: null, deviation: null },
      { model_version: 2, events: EVENTS, measured: 4, test_verdict: 'above', test_rate_high: 0.002, has_tail: true },
    ]);
    // Alpha of the events, and of the others the share that was left out of the calibration.
    const expected = EVENTS * (0.02 + 0.98 * 0.001);
    expect(rows[1]).toMatchObject({
      expected: expect.closeTo(expected, 9),
      ratio: expect.closeTo(4 / expected, 6),
      deviation: expect.closeTo((4 - expected) / Math.sqrt(expected), 6),
    });
    expect(await rowsOf('v1_alert_rate_daily')).toMatchObject([
      { model_version: 2, events: EVENTS, measured: 4, expected: expect.closeTo(expected, 9) },
    ]);
  });

  it('v1_feature_contribution_daily adds up what anomalies store', async () => {
    expect(await rowsOf('v1_feature_contribution_daily')).toMatchObject([
      {
        ...{ detector: 'checkout', feature: 'latency_ms', anomalies: 4, as_top_feature: 4, high: 4, low: 0 },
        ...{ bits: expect.closeTo(4 * 18.9, 6), most_bits: 18.9 },
      },
    ]);
  });
});
