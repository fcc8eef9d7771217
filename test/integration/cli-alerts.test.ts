import { storedDefinition } from '@flowline/config';
import { applyDetector, commitBatch } from '@flowline/db';
import { alertRulesOf } from '@flowline/operations';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { type BatchOptions, scoredBatch } from '../support/postgres-batch.ts';
import { startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
import { testDefinition } from '../support/scorer-model.ts';
import { startCli } from '../support/scorer-process.ts';

const TIMEOUT_MS = 240_000;

let postgres: TestPostgres;
let database: TestDatabase;
let alertId: string;
const original = testDefinition('checkout', 'orders');
const definition = { ...original, alerts: { ...original.alerts, sendResolved: true } };
const rules = { ...alertRulesOf(definition.alerts), groupBy: ['feature' as const] };

beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.stop());
beforeEach(async () => {
  database = await postgres.createDatabase();
  await applyDetector(database.db, storedDefinition(definition));
  await commit({ size: 3, anomalies: [0, 2] });
  const [row] = await database.query('SELECT alert_id FROM flowline.v1_alerts');
  alertId = String(row?.alert_id);
});

/** Commits a batch whose anomalies become alerts. */
const commit = (options: BatchOptions) =>
  commitBatch(database.db, scoredBatch(options), {
    ...{ alertTopic: 'orders.alerts', alertRules: rules, oncePerEvent: false },
  });

async function flowline(...args: readonly string[]): Promise<{ code: unknown; out: string; err: string }> {
  const cli = startCli(args, { FLOWLINE_DATABASE_URL: database.url, FLOWLINE_LOG_LEVEL: 'warn' });
  return { code: await cli.ended, out: cli.stdout(), err: cli.stderr() };
}
const json = async <Result>(...args: readonly string[]): Promise<Result> =>
  JSON.parse((await flowline(...args, '--json')).out) as Result;

type Listed = readonly Readonly<Record<string, unknown>>[];

describe('flowline alerts', () => {
  it(
    'lists and shows alerts, by conditions and by the beginning of an id',
    async () => {
      const { code, out } = await flowline('alerts', 'ls');
      expect(code).toBe(0);
      expect(out).toMatch(/^alert +last anomaly +detector +state +severity +count +what\n/);
      expect(out).toContain(alertId.slice(0, 8));
      expect(await json<Listed>('alerts', 'ls', '--state', 'open')).toMatchObject([{ alertId, count: 2 }]);
      expect(await json<Listed>('alerts', 'ls', '--state', 'resolved')).toEqual([]);
      expect(await json<Listed>('alerts', 'ls', '--severity', 'critical', '--detector', 'checkout')).toHaveLength(1);
      expect(await json<Listed>('alerts', 'ls', '--entity', "x' OR 1=1 --")).toEqual([]);
      expect(await json<Listed>('alerts', 'ls', '--from', '2026-01-01T00:00:00Z')).toHaveLength(1);
      expect(await json<Listed>('alerts', 'ls', '--to', '2026-01-01T00:00:00Z')).toEqual([]);

      const shown = await flowline('alerts', 'show', alertId.slice(0, 8));
      expect(shown.out).toContain(`alert ${alertId} of checkout: open, critical`);
      expect(shown.out).toMatch(/anomalies +2, the first 2026-01-01 00:00:00Z, the last 2026-01-01 00:00:02Z/);
      expect(shown.out).toMatch(/feature +found +expected/);
      expect(shown.out).toMatch(/latest anomalies[^]*event-2[^]*event-0/);
      expect(await json('alerts', 'show', alertId.toUpperCase())).toMatchObject({
        alertId,
        anomalies: [{ offset: 2 }, { offset: 0 }],
        peak: { event: { topic: 'orders' } },
      });
    },
    TIMEOUT_MS,
  );

  it(
    'takes answers: acknowledged once, snoozed and not, resolved and told once',
    async () => {
      const first = await flowline('alerts', 'ack', alertId.slice(0, 8), '--by', 'ann');
      expect(first.out).toMatch(/is acknowledged by ann/);
      expect(await json('alerts', 'ack', alertId, '--by', 'bob')).toMatchObject({ acknowledgedBy: 'ann' });

      const { snoozedUntil } = await json<{ snoozedUntil: string }>('alerts', 'snooze', alertId, '--for', '2h');
      expect(Math.abs(Date.parse(snoozedUntil) - Date.now() - 7_200_000)).toBeLessThan(120_000);
      expect((await flowline('alerts', 'snooze', alertId, '--end')).out).toContain('is not snoozed');

      expect((await flowline('alerts', 'resolve', alertId)).out).toContain('is resolved');
      expect((await flowline('alerts', 'resolve', alertId)).out).toContain('was resolved before');
      const messages = await database.query('SELECT value FROM flowline.alert_outbox ORDER BY outbox_id');
      const states = messages.map(({ value }) => (JSON.parse(String(value)) as { state: string }).state);
      expect(states).toEqual(['opened', 'resolved']);
    },
    TIMEOUT_MS,
  );

  it(
    'says what an id is of, and what to do',
    async () => {
      const other = alertId.replace(/.$/, (last) => (last === '0' ? '1' : '0'));
      await database.query(
        `INSERT INTO flowline.alerts SELECT (jsonb_populate_record(a, jsonb_build_object('alert_id', '${other}', 'is_latest', false))).* FROM flowline.alerts a WHERE alert_id = '${alertId}'`,
      );
      const [anomaly] = await database.query(`SELECT anomaly_id FROM flowline.anomalies WHERE alert_id = '${alertId}'`);
      const [message] = await database.query('SELECT message_id FROM flowline.alert_outbox');
      const cases: readonly [string, number, RegExp][] = [
        [alertId.slice(0, 8), 2, /FLOWLINE_USAGE: .* begins the ids of several alerts[^]*remedy: Write more of the id/],
        ['00000000-0000-4000-8000-000000000000', 1, /FLOWLINE_NOT_FOUND: There is no alert/],
        [String(anomaly?.anomaly_id), 1, new RegExp(`is the id of an anomaly[^]*remedy: Name its alert: ${alertId}`)],
        [String(message?.message_id), 1, new RegExp(`is the id of a message[^]*remedy: Name its alert: ${alertId}`)],
        ["x' OR 1=1 --", 1, /FLOWLINE_NOT_FOUND: There is no alert "x' or 1=1 --"/],
        ['abc', 2, /too short[^]*remedy: Write at least its first 4/],
        [`${alertId}0`, 1, /FLOWLINE_NOT_FOUND/],
      ];
      for (const [id, code, error] of cases) {
        const { err, ...found } = await flowline('alerts', 'show', id);
        expect([id, found.code, found.out]).toEqual([id, code, '']);
        expect(err).toMatch(error);
      }
      for (const answer of [
        ['snooze'],
        ['snooze', '--for', '2h', '--end'],
        ['snooze', '--for', '900d'],
        ['ack', '--by', ' '],
      ]) {
        const [command = '', ...options] = answer;
        expect(await flowline('alerts', command, alertId, ...options)).toMatchObject({ code: 2, out: '' });
      }
    },
    TIMEOUT_MS,
  );
});

describe('flowline alerts waiting', () => {
  it(
    'lists the messages that wait for their sink',
    async () => {
      expect((await flowline('alerts', 'waiting')).out).toMatch(/checkout +kafka orders\.alerts +1 /);
      expect(await json<Listed>('alerts', 'waiting', '--detector', 'checkout')).toMatchObject([{ waiting: 1 }]);
    },
    TIMEOUT_MS,
  );
});
