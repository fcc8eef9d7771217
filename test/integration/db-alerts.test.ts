import { type AlertMessage, alertMessageSchema, type AlertRules } from '@flowline/alerts';
import { commitBatch, type Database, listAlerts, resolveAlert, resolveQuietAlerts } from '@flowline/db';
import { at as elementAt, type ScoredBatch } from '@flowline/events';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
import { EVENT_EPOCH_MS, scoredBatch } from '../support/postgres-batch.ts';

let postgres: TestPostgres;
let database: TestDatabase;

beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.stop());
beforeEach(async () => {
  database = await postgres.createDatabase();
});

const rulesOf = (changes: Partial<AlertRules> = {}): AlertRules => ({
  ...{ groupBy: ['feature'], sendResolved: true, minEvents: { count: 1, withinMs: 1_000 } },
  ...{ cooldownMs: 1, resolveAfterMs: 60_000, mergeGapMs: 30_000 },
  severityBits: { warning: 13.3, major: 16.6, critical: 19.9 },
  storm: { alerts: 1_000, windowMs: 1_000 },
  ...changes,
});

/** An event: seconds after the start, and the bits of an anomaly (null for none). */
type Event = readonly [seconds: number, bits: number | null, entity?: string];

/** A batch of events from an offset on. */
function batchOf(first: number, events: readonly Event[], partition = 0): ScoredBatch {
  const anomalous = events.flatMap(([, bits], row) => (bits === null ? [] : [row]));
  const batch = scoredBatch({ first, size: events.length, anomalies: anomalous, partition });
  const times = events.map(([seconds]) => EVENT_EPOCH_MS + seconds * 1_000);
  return {
    ...batch,
    eventTimesMs: Float64Array.from(times),
    anomalies: batch.anomalies.map((anomaly) => {
      const [seconds, bits, entity] = elementAt(events, anomaly.row);
      const event = { ...anomaly.alert.event, entity: entity ?? null, time: at(seconds) };
      return {
        ...anomaly,
        alert: { ...anomaly.alert, event, score: { ...anomaly.alert.score, surpriseBits: bits ?? 0 } },
      };
    }),
  };
}

/** The batch with one event id throughout. */
const sameEvent = (batch: ScoredBatch): ScoredBatch => ({
  ...batch,
  eventIds: batch.eventIds.map(() => 'x'),
  anomalies: batch.anomalies.map((anomaly) => ({
    ...anomaly,
    alert: { ...anomaly.alert, event: { ...anomaly.alert.event, id: 'x' } },
  })),
});

const at = (seconds: number): string => new Date(EVENT_EPOCH_MS + seconds * 1_000).toISOString();

const commit = (batch: ScoredBatch, rules = rulesOf(), db: Database = database.db) =>
  commitBatch(db, batch, { alertTopic: 'alerts', alertRules: rules });

/** Messages in the outbox, each of which has the fields of the published schema and no other. */
async function messages(): Promise<AlertMessage[]> {
  const rows = await database.query('SELECT value FROM flowline.alert_outbox ORDER BY outbox_id');
  return rows.map(({ value }) => {
    const message = JSON.parse(String(value)) as AlertMessage;
    expect(alertMessageSchema.parse(message)).toEqual(message);
    return message;
  });
}
const states = async (): Promise<string[]> => (await messages()).map(({ state, count }) => `${state} ${String(count)}`);

describe('alerts of committed batches', () => {
  it('open with the first anomaly, grow, and are resolved by the time of later events', async () => {
    await commit(
      batchOf(0, [
        [0, 14],
        [1, null],
        [2, 14],
      ]),
    );
    await commit(
      batchOf(3, [
        [3, 18],
        [4, null],
        [30, null],
      ]),
    );
    await commit(batchOf(6, [[70, null]]));
    expect(await states()).toEqual(['opened 1', 'escalated 3', 'resolved 3']);
    const [opened, , resolved] = await messages();
    expect(resolved).toMatchObject({ severity: 'major', firstSeen: at(0), lastSeen: at(3), resolvedAt: at(63) });
    expect(resolved?.alertId).toBe(opened?.alertId);
    expect(await database.query('SELECT state, count::integer, messages FROM flowline.v1_alerts')).toEqual([
      { state: 'resolved', count: 3, messages: 3 },
    ]);
  });

  it('name the alert of every anomaly', async () => {
    await commit(
      batchOf(0, [
        [0, 14],
        [1, 14],
        [500, 14],
      ]),
    );
    const rows = await database.query(
      `SELECT count(*)::integer AS n, alert ->> 'alertId' = alert_id::text AS same FROM flowline.v1_alerts
       JOIN flowline.anomalies USING (alert_id) GROUP BY alert_id, 2 ORDER BY min(last_seen)`,
    );
    expect(rows).toEqual([
      { n: 2, same: true },
      { n: 1, same: true },
    ]);
    expect(await states()).toEqual(['opened 1', 'resolved 2', 'opened 1']);
  });

  it('show the most surprising anomaly', async () => {
    await commit(
      batchOf(0, [
        [0, 14],
        [1, 25],
        [2, 15],
      ]),
    );
    const [{ peak } = {}] = await database.query('SELECT peak FROM flowline.alerts');
    expect(peak).toMatchObject({ score: { surpriseBits: 25 }, event: { offset: 1 } });
  });

  it('are of one entity, kind and feature', async () => {
    await commit(
      batchOf(0, [
        [0, 14, 'a'],
        [1, 14, 'b'],
        [2, 14, 'a'],
      ]),
    );
    expect(await states()).toEqual(['opened 1', 'opened 1']);
    const rows = await database.query('SELECT entity, feature, count::integer FROM flowline.v1_alerts ORDER BY entity');
    expect(rows).toEqual([
      { entity: 'a', feature: 'latency_ms', count: 2 },
      { entity: 'b', feature: 'latency_ms', count: 1 },
    ]);
  });

  it('collapse into a storm, which lists the worst by name', async () => {
    const rules = rulesOf({ storm: { alerts: 3, windowMs: 60_000 }, resolveAfterMs: 10_000 });
    await commit(
      batchOf(0, [
        [0, 14, 'a'],
        [1, 15, 'b'],
      ]),
      rules,
    );
    await commit(
      batchOf(2, [
        [2, 16, 'c'],
        [3, 17, 'd'],
        [4, 18, 'e'],
      ]),
      rules,
    );
    await commit(batchOf(5, [[90, null]]), rules);
    const all = await messages();
    expect(all.map(({ kind, state }) => `${kind} ${state}`)).toEqual([
      ...['density opened', 'density opened', 'density opened', 'storm opened'],
      ...['density resolved', 'density resolved', 'density resolved', 'storm resolved'],
    ]);
    expect(all.at(-1)).toMatchObject({
      summary: '5 alerts opened, of latency_ms (5)',
      storm: { worst: [{ entity: 'e', bits: 18 }, { entity: 'd' }, { entity: 'c' }, { entity: 'b' }, { entity: 'a' }] },
    });
  });

  it('are not resolved by one time that lies', async () => {
    await commit(batchOf(0, [[0, 14]]));
    await commit(
      batchOf(1, [
        [1, null],
        [90_000_000, null],
        [2, null],
      ]),
    );
    await commit(batchOf(4, [[Date.UTC(9999, 0, 1) / 1_000, 14, 'z']]));
    expect(await states()).toEqual(['opened 1', 'opened 1']);
  });

  it('change once, however often a batch is committed', async () => {
    const batch = batchOf(0, [
      [0, 14],
      [1, 18],
      [70, null],
      [200, 14],
    ]);
    for (let i = 0; i < 3; i++) await commit(batch);
    expect(await states()).toEqual(['opened 1', 'escalated 2', 'resolved 2', 'opened 1']);
    const ids = (await messages()).map(({ messageId }) => messageId);
    expect(new Set(ids).size).toBe(4);
  });

  it('have one life, although partitions are committed at once', async () => {
    const dbs = [database.db, database.db, database.db];
    await Promise.all(
      dbs.map(async (db, partition) => {
        for (let i = 0; i < 20; i++)
          await commit({ ...batchOf(i, [[i, 14]], partition), fromOffset: i }, rulesOf(), db);
      }),
    );
    expect(await states()).toEqual(['opened 1', 'updated 10']);
    expect(await database.query('SELECT count::integer FROM flowline.v1_alerts')).toEqual([{ count: 60 }]);
  });

  it('count an event once that comes again under its id', async () => {
    const once = { alertTopic: 'alerts', alertRules: rulesOf(), oncePerEvent: true };
    await commitBatch(
      database.db,
      sameEvent(
        batchOf(0, [
          [0, 14],
          [1, 14],
        ]),
      ),
      once,
    );
    await commitBatch(database.db, sameEvent(batchOf(2, [[500, 25]])), once);
    expect(await database.query('SELECT count::integer, state FROM flowline.v1_alerts')).toEqual([
      { count: 1, state: 'resolved' },
    ]);
    expect(await database.query('SELECT count(DISTINCT alert_id)::integer AS n FROM flowline.anomalies')).toEqual([
      { n: 1 },
    ]);
  });

  it('are resolved by the clock where their stream has stopped', async () => {
    const rules = rulesOf({ resolveAfterMs: 200 });
    const quiet = { detector: 'checkout', topic: 'orders', rules, addresses: [{ sink: 'kafka', topic: 'alerts' }] };
    await commit(batchOf(0, [[0, 14]]), rules);
    expect(await resolveQuietAlerts(database.db, { ...quiet, partitions: [0] })).toBe(0);
    await new Promise((resolve) => setTimeout(resolve, 250));
    expect(await resolveQuietAlerts(database.db, { ...quiet, partitions: [1] })).toBe(0);
    expect(await resolveQuietAlerts(database.db, { ...quiet, partitions: [0] })).toBe(1);
    expect(await resolveQuietAlerts(database.db, { ...quiet, partitions: [0] })).toBe(0);
    expect(await states()).toEqual(['opened 1', 'resolved 1']);
  });

  it.each(['by hand', 'by the clock'])('are resolved %s while a batch is being stored', async (way) => {
    const rules = rulesOf({ resolveAfterMs: 200 });
    const told = { rules, addresses: [{ sink: 'kafka', topic: 'alerts' }] };
    const quiet = { detector: 'checkout', topic: 'orders', partitions: [0], ...told };
    await commit(batchOf(0, [[0, 14]]), rules);
    await new Promise((resolve) => setTimeout(resolve, 250));
    const [open] = (await listAlerts(database.db)).items;
    // The locks of a batch with an anomaly, in their order.
    const batch = await database.client();
    await batch.query('BEGIN; SELECT FROM flowline.stream_offsets FOR UPDATE');
    const resolved =
      way === 'by hand' ? resolveAlert(database.db, open?.alertId ?? '', told) : resolveQuietAlerts(database.db, quiet);
    await Promise.race([resolved.catch(() => undefined), new Promise((resolve) => setTimeout(resolve, 500))]);
    await batch.query(`SELECT pg_advisory_xact_lock(hashtextextended('flowline.alerts checkout orders', 0)); COMMIT`);
    expect(Number(await resolved)).toBe(1);
    // The next batch notes when its next alert is due.
    await commit(batchOf(1, [[100, null]]), rules);
    expect(await database.query('SELECT alerts_due FROM flowline.stream_offsets')).toEqual([{ alerts_due: null }]);
    expect(await states()).toEqual(['opened 1', 'resolved 1']);
  });
});
