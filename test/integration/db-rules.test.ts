import type { AlertMessage, AlertRules } from '@flowline/alerts';
import { commitBatch, listAnomalies } from '@flowline/db';
import { type Anomaly, type AnomalyVerdict, at, type ScoredBatch } from '@flowline/events';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
import { scoredBatch } from '../support/postgres-batch.ts';

let postgres: TestPostgres;
let database: TestDatabase;

beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.stop());
beforeEach(async () => {
  database = await postgres.createDatabase();
});

const alertRules: AlertRules = {
  ...{ groupBy: ['feature'], sendResolved: true, minEvents: { count: 1, withinMs: 1_000 } },
  ...{ cooldownMs: 1, resolveAfterMs: 60_000, mergeGapMs: 30_000 },
  severityBits: { warning: 13.3, major: 16.6, critical: 19.9 },
  storm: { alerts: 1_000, windowMs: 1_000 },
};
const none: AnomalyVerdict = { rules: [], suppressedBy: null, severityAtMost: null, excludedFromTraining: false };

/** A batch of anomalies with verdicts, from an offset on. */
function batchOf(first: number, verdicts: readonly (Partial<AnomalyVerdict> | null)[]): ScoredBatch {
  const batch = scoredBatch({ first, size: verdicts.length, anomalies: verdicts.map((_, row) => row) });
  const anomalies = batch.anomalies.map((anomaly): Anomaly => {
    const verdict = at(verdicts, anomaly.row);
    if (verdict === null) return anomaly;
    return { ...anomaly, verdict: { ...none, ...verdict }, alert: { ...anomaly.alert, labels: { team: 'a' } } };
  });
  return { ...batch, anomalies };
}
const commit = (batch: ScoredBatch, oncePerEvent = false) =>
  commitBatch(database.db, batch, { alertTopic: 'alerts', alertRules, oncePerEvent });

async function messages(): Promise<AlertMessage[]> {
  const rows = await database.query('SELECT value FROM flowline.alert_outbox ORDER BY outbox_id');
  return rows.map(({ value }) => JSON.parse(String(value)) as AlertMessage);
}

describe('anomalies that rules have seen', () => {
  it('are stored with the rule that suppresses them, and are part of no alert', async () => {
    const report = await commit(batchOf(0, [{ rules: ['batch', 'noise'], suppressedBy: 'batch' }]));
    expect(report).toMatchObject({ stored: 1, anomalies: 1 });
    expect(await messages()).toEqual([]);
    expect(await database.query('SELECT 1 FROM flowline.alerts')).toEqual([]);
    const { items } = await listAnomalies(database.db);
    expect(items).toMatchObject([{ alertId: null, rules: ['batch', 'noise'], suppressedBy: 'batch' }]);
  });

  it('count for an alert only if they are not suppressed', async () => {
    await commit(batchOf(0, [null, { suppressedBy: 'direction' }, { rules: ['calendar/nights'] }]));
    expect(await database.query('SELECT count::integer, state FROM flowline.v1_alerts')).toEqual([
      { count: 2, state: 'open' },
    ]);
    const stored = await database.query(
      'SELECT alert_id IS NULL AS apart, rules, suppressed_by FROM flowline.anomalies ORDER BY anomaly_id',
    );
    expect(stored).toEqual([
      { apart: false, rules: [], suppressed_by: null },
      { apart: true, rules: [], suppressed_by: 'direction' },
      { apart: false, rules: ['calendar/nights'], suppressed_by: null },
    ]);
  });

  it('resolve an alert in time although all later anomalies are suppressed', async () => {
    await commit(batchOf(0, [null]));
    await commit(batchOf(100, [{ suppressedBy: 'batch' }]));
    expect((await messages()).map(({ state }) => state)).toEqual(['opened', 'resolved']);
  });

  it('are no worse than a rule allows, and carry its labels', async () => {
    await commit(batchOf(0, [{ rules: ['mild'], severityAtMost: 'warning', excludedFromTraining: true }]));
    expect(await messages()).toMatchObject([{ state: 'opened', severity: 'warning', labels: { team: 'a' } }]);
    expect(await database.query('SELECT excluded_from_training AS excluded FROM flowline.anomalies')).toEqual([
      { excluded: true },
    ]);
  });

  it('raise an alert when their event comes again and is not suppressed any more', async () => {
    const again = (batch: ScoredBatch): ScoredBatch => ({
      ...batch,
      eventIds: ['x'],
      anomalies: batch.anomalies.map((anomaly) => ({
        ...anomaly,
        alert: { ...anomaly.alert, event: { ...anomaly.alert.event, id: 'x' } },
      })),
    });
    await commit(again(batchOf(0, [{ suppressedBy: 'batch' }])), true);
    await commit(again(batchOf(1, [null])), true);
    await commit(again(batchOf(2, [null])), true);
    expect((await messages()).map(({ state }) => state)).toEqual(['opened']);
  });
});
