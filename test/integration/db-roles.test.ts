import { randomUUID } from 'node:crypto';

import {
  applyDetector,
  applyResource,
  cancelTraining,
  championVersion,
  claimRequestedRun,
  connect,
  deleteDetector,
  migrate,
  migrationStatus,
  openTrainingRequests,
  refuseTrainingRequest,
  removeResource,
  reportStage,
  reportTrainer,
  requestTraining,
} from '@flowline/db';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';

import { startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
import { applyTestDetector, testDefinition, testEvents } from '../support/scorer-model.ts';
import { type ServiceProcess, startScorer, startTrainer } from '../support/scorer-process.ts';
import { createReadings, makeReadings, readingsDefinition } from './trainer-fixture.ts';

const GROUPS = ['flowline_api', 'flowline_operator', 'flowline_reader', 'flowline_scorer', 'flowline_trainer'];

let postgres: TestPostgres;
const running: ServiceProcess[] = [];

beforeAll(async () => {
  postgres = await startPostgres();
});
afterEach(() => {
  for (const { child } of running.splice(0)) child.kill('SIGKILL');
});
afterAll(() => postgres.stop());

/** Creates a user that is a member only of the given groups. Returns its URL. */
async function userOf({ url, query }: TestDatabase, name: string, groups: readonly string[] = []): Promise<string> {
  const user = `${name}_${process.pid}`;
  await query(`DROP ROLE IF EXISTS ${user}`);
  await query(`CREATE ROLE ${user} LOGIN NOSUPERUSER NOCREATEROLE PASSWORD 'p'`);
  for (const group of groups) await query(`GRANT ${group} TO ${user}`);
  const own = new URL(url);
  own.username = user;
  own.password = 'p';
  return own.href;
}

/** Runs statements as a user. Returns the SQLSTATE of each, or null if it was allowed. */
async function attempts(url: string, statements: readonly string[]): Promise<(string | null)[]> {
  const { default: pg } = await import('pg');
  const client = new pg.Client(url);
  await client.connect();
  const codes: (string | null)[] = [];
  for (const statement of statements) {
    const code = await client.query(statement).then(
      () => null,
      (error: unknown) => (error as { code: string }).code,
    );
    codes.push(code);
  }
  await client.end();
  return codes;
}
const DENIED = '42501';
const OUT_OF_BOUNDS = '22023';

describe('the group roles', () => {
  it('migrate without the right to create roles, which an administrator adds later', async () => {
    const database = await postgres.createDatabase({ migrated: false });
    const { query } = database;
    const exist = async () =>
      (await query('SELECT rolname FROM pg_roles WHERE rolname = ANY($1) ORDER BY 1', [GROUPS])).map((r) => r.rolname);
    const absentBefore = (await exist()).length === 0;
    const url = await userOf(database, 'migrator');
    const { username } = new URL(url);
    await query(`GRANT CREATE ON DATABASE ${new URL(url).pathname.slice(1)} TO ${username}`);
    const db = await connect(url, { applicationName: 'test' });
    try {
      await migrate(db);
      expect((await migrationStatus(db)).pending).toEqual([]);
      if (absentBefore) expect(await exist()).toEqual([]);
      for (const group of GROUPS) if (!(await exist()).includes(group)) await query(`CREATE ROLE ${group} NOLOGIN`);
      expect(await migrate(db)).toEqual([]);
      expect(
        await query(`SELECT has_table_privilege('flowline_scorer', 'flowline.scored_events', 'INSERT') AS scorer,
          has_table_privilege('flowline_trainer', 'flowline.model_versions', 'INSERT') AS trainer,
          has_table_privilege('flowline_operator', 'flowline.detectors', 'UPDATE') AS operator,
          has_table_privilege('flowline_reader', 'flowline.v1_anomalies', 'SELECT') AS reader`),
      ).toEqual([{ scorer: true, trainer: true, operator: true, reader: true }]);
    } finally {
      await db.close();
    }
  });

  it('let the scorer score, and do nothing else', async () => {
    const database = await postgres.createDatabase();
    await applyTestDetector(database.db, testDefinition('least', 'orders'));
    const url = await userOf(database, 'scoring', ['flowline_scorer']);
    // A day without a partition: the scorer creates it, without the right to create tables.
    await database.query(`DO $$ BEGIN EXECUTE 'DROP TABLE flowline.event_scores_' ||
      to_char((now() AT TIME ZONE 'UTC')::date, 'YYYY_MM_DD'); END $$`);
    const lines = [...testEvents(50, 3).map((event) => JSON.stringify(event)), 'no json'].join('\n');
    const scorer = startScorer(
      ['--source', 'ndjson:-', '--json', '--alerts', 'stdout'],
      { FLOWLINE_DATABASE_URL: url },
      lines,
    );
    running.push(scorer);
    expect([await scorer.ended, scorer.stderr()]).toEqual([0, expect.any(String)]);
    expect(scorer.stdout()).toContain('"scored":50');
    const codes = await attempts(url, [
      'SELECT 1 FROM flowline.detectors',
      'DELETE FROM flowline.event_scores',
      `UPDATE flowline.detectors SET state = 'deleted'`,
      `UPDATE flowline.model_aliases SET version = 1`,
      'SELECT value FROM flowline.dead_letters',
      `SELECT flowline.drop_partition_before('2030-01-01')`,
      'CREATE TABLE flowline.mine (x int)',
    ]);
    expect(codes).toEqual([null, ...Array<string>(6).fill(DENIED)]);
    const watching = ['DELETE FROM flowline.arrivals', 'UPDATE flowline.reading_ends SET complete_to = now()'];
    expect(await attempts(url, watching)).toEqual([null, null]);
    // Only partitions of days near today.
    expect(
      await attempts(url, [
        `SELECT flowline.ensure_partitions((now() AT TIME ZONE 'UTC')::date - 1, 9)`,
        `SELECT flowline.ensure_partitions('2031-01-01', 1)`,
        `SELECT flowline.ensure_partitions('2000-01-01', 1)`,
        `SELECT flowline.ensure_partitions((now() AT TIME ZONE 'UTC')::date, 500)`,
        'SELECT flowline.ensure_partitions(NULL, NULL)',
        `SELECT flowline.create_partition('2031-01-01')`,
        `UPDATE flowline.alert_outbox SET value = ''`,
        'DELETE FROM flowline.alert_outbox',
      ]),
    ).toEqual([null, ...Array<string>(4).fill(OUT_OF_BOUNDS), ...Array<string>(3).fill(DENIED)]);
  });

  it('let the trainer train, promote and clear away', async () => {
    const database = await postgres.createDatabase();
    await createReadings(database, makeReadings(3000, 1));
    await applyDetector(database.db, readingsDefinition({ steps: 20 }));
    const url = await userOf(database, 'training', ['flowline_trainer']);
    await database.query(`GRANT SELECT ON readings TO ${new URL(url).username}`);
    const trainer = startTrainer(['--once', 'readings', '--json'], { FLOWLINE_DATABASE_URL: url });
    running.push(trainer);
    expect([await trainer.ended, trainer.stderr()]).toEqual([0, expect.any(String)]);
    expect(await championVersion(database.db, 'readings')).toBe(1);
    const codes = await attempts(url, [
      `SELECT flowline.drop_partition_before('2000-01-01')`,
      `SELECT flowline.summarise_day('2000-01-01')`,
      `DELETE FROM flowline.anomalies WHERE detector = 'readings' AND scored_at < '2000-01-01'`,
      `DELETE FROM flowline.dead_letters WHERE detector = 'readings' AND stored_at < '2000-01-01'`,
      `DELETE FROM flowline.alert_outbox WHERE sent_at < '2000-01-01'`,
      'SELECT value FROM flowline.dead_letters',
      'UPDATE flowline.stream_offsets SET next_offset = 0',
      `INSERT INTO flowline.detector_versions VALUES ('readings', 9, '{}', repeat('0', 64))`,
      'DELETE FROM flowline.model_versions',
    ]);
    expect(codes).toEqual([...Array<null>(5).fill(null), ...Array<string>(4).fill(DENIED)]);
    // Only days that no detector in force keeps: here older than 30 days, the default.
    const partitions = () =>
      database.query(`SELECT count(*)::int AS n FROM pg_inherits WHERE inhparent = 'flowline.event_scores'::regclass`);
    const before = await partitions();
    const drop = (days: number) => `SELECT flowline.drop_partition_before((now() AT TIME ZONE 'UTC')::date - ${days})`;
    expect(await attempts(url, [drop(-9), drop(0), drop(1), drop(29), drop(30)])).toEqual([
      ...Array<string>(4).fill(OUT_OF_BOUNDS),
      null,
    ]);
    const definition = readingsDefinition({ steps: 20 });
    const retention = { ...definition.retention, scoredMs: 40.5 * 86_400_000 };
    const longer = { ...definition, name: 'longer', retention };
    await applyDetector(database.db, longer);
    expect(await attempts(url, [drop(40), drop(41)])).toEqual([OUT_OF_BOUNDS, null]);
    await deleteDetector(database.db, 'longer', { dropData: false });
    await deleteDetector(database.db, 'readings', { dropData: false });
    expect(await attempts(url, [drop(0), drop(1)])).toEqual([OUT_OF_BOUNDS, null]);
    expect(await partitions()).toEqual(before);
  });

  it('alone may call what grants, creates or removes', async () => {
    const { query } = await postgres.createDatabase();
    const open = await query(`SELECT proname FROM pg_proc
      WHERE pronamespace = 'flowline'::regnamespace AND has_function_privilege('public', oid, 'EXECUTE') ORDER BY 1`);
    // Triggers, and functions that do what their caller may do.
    expect(open.map(({ proname }) => proname)).toEqual([
      'insert_scored_event',
      'lock_claims',
      'lock_stripes',
      'refuse_change',
      'score_source',
      'server_identifier',
    ]);
  });

  it('let the API and an operator apply resources and request trainings, and a trainer take them up', async () => {
    const database = await postgres.createDatabase();
    await applyDetector(database.db, { name: 'a' });
    for (const group of ['flowline_api', 'flowline_operator']) {
      const db = await connect(await userOf(database, `by_${group}`, [group]), { applicationName: 'test' });
      try {
        await applyResource(db, { kind: 'Rule', name: 'r', spec: {} });
        await removeResource(db, { kind: 'Rule', name: 'r' });
        const { runId } = await requestTraining(db, { detector: 'a', promotion: 'never' });
        expect(await cancelTraining(db, runId)).toMatchObject({ status: 'cancelled' });
        await requestTraining(db, { detector: 'a', promotion: null });
      } finally {
        await db.close();
      }
      const trainer = await connect(await userOf(database, `for_${group}`, ['flowline_trainer']), {
        applicationName: 'test',
      });
      try {
        await reportTrainer(trainer, randomUUID());
        const [request] = await openTrainingRequests(trainer);
        const attempt = await claimRequestedRun(trainer, request?.runId ?? 0, 1);
        if (attempt === null) throw new Error('the request is not claimed');
        expect(await reportStage(trainer, attempt, null)).toBeNull();
        // Nobody holds the lease, so that it waits again; here, until it is refused.
        await openTrainingRequests(trainer);
        await refuseTrainingRequest(trainer, request?.runId ?? 0, new Error('no'));
      } finally {
        await trainer.close();
      }
    }
    const url = await userOf(database, 'denied', ['flowline_api']);
    expect(
      await attempts(url, [
        `UPDATE flowline.training_runs SET metrics = '{}'`,
        'DELETE FROM flowline.trainers',
        'DELETE FROM flowline.resources',
        `UPDATE flowline.resource_versions SET spec = '{}'`,
      ]),
    ).toEqual(Array<string>(4).fill(DENIED));
  });

  it('let a reader read the views, and an operator apply and pause', async () => {
    const database = await postgres.createDatabase();
    await applyDetector(database.db, { name: 'a' });
    const reader = await userOf(database, 'reading', ['flowline_reader']);
    expect(
      await attempts(reader, [
        'SELECT * FROM flowline.v1_anomalies',
        'SELECT * FROM flowline.v1_alert_rate_daily',
        'SELECT value FROM flowline.dead_letters',
        'SELECT bytes FROM flowline.model_artifacts',
        `UPDATE flowline.detectors SET state = 'paused'`,
      ]),
    ).toEqual([null, null, DENIED, DENIED, DENIED]);
    const operator = await userOf(database, 'operating', ['flowline_operator']);
    const db = await connect(operator, { applicationName: 'test' });
    try {
      expect(await applyDetector(db, { name: 'a', ...{ labels: 1 } })).toEqual({ version: 2, changed: true });
    } finally {
      await db.close();
    }
    expect(
      await attempts(operator, [
        `UPDATE flowline.detectors SET state = 'paused'`,
        'UPDATE flowline.dead_letters SET redriven_at = now()',
        'UPDATE flowline.dead_letters SET value = NULL',
        'DELETE FROM flowline.event_scores',
      ]),
    ).toEqual([null, null, DENIED, DENIED]);
  });
});
