import { type AbsencePolicy, type AlertMessage, alertMessageSchema, type AlertRules } from '@flowline/alerts';
import {
  Arrivals,
  commitBatch,
  commitCollected,
  listAlerts,
  resolveAlert,
  resolveQuietAlerts,
  snoozeAlert,
  watchAbsences,
  type WatchedStream,
  withdrawAbsences,
} from '@flowline/db';
import { createMetrics, silentLogger } from '@flowline/telemetry';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { watchForAbsences } from '../../services/scorer/src/kafka/absence-watch.ts';
import { startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
import { scoredBatch } from '../support/postgres-batch.ts';

let postgres: TestPostgres;
let database: TestDatabase;
let next: number;

beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.stop());
beforeEach(async () => {
  database = await postgres.createDatabase();
  next = 0;
});

const MINUTE_MS = 60_000;
const policyOf = (changes: Partial<AbsencePolicy> = {}): AbsencePolicy => ({
  ...{ per: 'detector', expectEveryMs: MINUTE_MS, alertAfterMs: 5 * MINUTE_MS, severity: 'major' },
  forgetAfterMs: 1_440 * MINUTE_MS,
  ...changes,
});
const PER_ENTITY = policyOf({ per: 'entity' });

const rulesOf = (changes: Partial<AlertRules> = {}): AlertRules => ({
  ...{ groupBy: ['feature'], sendResolved: true, minEvents: { count: 3, withinMs: 1_000 } },
  ...{ cooldownMs: 1, resolveAfterMs: 60_000, mergeGapMs: 30 * MINUTE_MS },
  severityBits: { warning: 13.3, major: 16.6, critical: 19.9 },
  storm: { alerts: 1_000, windowMs: 60_000 },
  ...changes,
});
const ADDRESSES = [{ sink: 'kafka', topic: 'alerts' }];

const streamOf = (changes: Partial<WatchedStream> = {}): WatchedStream => ({
  ...{ detector: 'checkout', topic: 'orders', policy: policyOf(), rules: rulesOf(), addresses: ADDRESSES },
  silentSince: (untilMs, forMs) => untilMs - forMs,
  ...changes,
});

const arrivalsOf = ({ per }: AbsencePolicy): Arrivals => new Arrivals({ per, stepMs: () => 0 });

/** Stores one event per entity, and notes its arrival. */
async function store(names: readonly string[], arrivals: Arrivals, partition = 0): Promise<void> {
  const entities = { key: ['host'], names, seen: [], windows: null };
  const batch = scoredBatch({ first: next, size: names.length, partition, entities });
  next += names.length;
  await commitBatch(database.db, batch, { alertTopic: 'alerts', arrivals });
}

/** Lets minutes pass for what was seen, or for one entity. */
const age = (minutes: number, entity: string | null = null) =>
  database.query(
    `UPDATE flowline.arrivals SET last_seen = last_seen - make_interval(mins => ${String(minutes)})
     WHERE $1::text IS NULL OR entity = $1`,
    [entity],
  );

const look = (stream = streamOf(), partitions: readonly number[] = [0]) =>
  watchAbsences(
    database.db,
    stream,
    partitions.map((partition) => ({ partition, untilMs: Date.now() })),
  );

async function messages(): Promise<AlertMessage[]> {
  const rows = await database.query('SELECT value FROM flowline.alert_outbox ORDER BY outbox_id');
  return rows.map(({ value }) => {
    const message = JSON.parse(String(value)) as AlertMessage;
    expect(alertMessageSchema.parse(message)).toEqual(message);
    return message;
  });
}
const told = async (): Promise<string[]> =>
  (await messages()).map((message) => {
    const entity = 'absence' in message ? message.entity : null;
    return `${message.kind} ${message.state} ${String(message.count)}${entity === null ? '' : ` ${entity}`}`;
  });

describe('the absence of a stream', () => {
  it('opens one alert, however many processes look, and is resolved with the next event', async () => {
    const arrivals = arrivalsOf(policyOf());
    await store(['a', 'b'], arrivals);
    expect(await look()).toEqual({ absent: 0, back: 0 });
    // Within the quarter of an interval that an arrival may not have been noted in.
    await age(5);
    expect(await look()).toEqual({ absent: 0, back: 0 });
    await age(1);
    const reports = await Promise.all([look(), look(), look(), look()]);
    expect(reports.reduce((sum, { absent }) => sum + absent, 0)).toBe(1);
    expect(await look()).toEqual({ absent: 0, back: 0 });
    const [opened] = await messages();
    expect(opened).toMatchObject({
      ...{ state: 'opened', kind: 'absence', detector: 'checkout', entity: null, severity: 'major', count: 1 },
      ...{ resolvedAt: null, absence: { expectEveryMs: 60_000, alertAfterMs: 300_000 } },
      summary: expect.stringMatching(/^no event since \d{4}-.*Z, expected every 1m$/),
    });
    await store(['a'], arrivals);
    expect(await look()).toEqual({ absent: 0, back: 1 });
    expect(await told()).toEqual(['absence opened 1', 'absence resolved 1']);
    const [, resolved] = await messages();
    expect(resolved?.alertId).toBe(opened?.alertId);
    const { items } = await listAlerts(database.db, { kind: 'absence' });
    expect(items).toMatchObject([{ state: 'resolved', kind: 'absence', peak: null, summary: opened?.summary }]);
    expect((await listAlerts(database.db, { kind: 'density' })).items).toEqual([]);
  });

  it('is not seen while a partition is not read to its end', async () => {
    const arrivals = arrivalsOf(policyOf());
    await store(['a'], arrivals);
    await store(['b'], arrivals, 1);
    await age(60);
    expect(await look(streamOf(), [])).toMatchObject({ absent: 0 });
    expect(await look(streamOf(), [0])).toMatchObject({ absent: 0 });
    // What was read to its end before says nothing of the time since.
    await database.query(`UPDATE flowline.reading_ends SET complete_to = complete_to - interval '1 hour'`);
    expect(await look(streamOf(), [1])).toMatchObject({ absent: 0 });
    expect(await look(streamOf(), [0])).toMatchObject({ absent: 1 });
  });

  it('of an entity is seen in a partition that always has records which are not stored yet', async () => {
    const stream = streamOf({ policy: { ...PER_ENTITY, expectEveryMs: 1_000 } });
    await store(['a', 'b'], arrivalsOf(PER_ENTITY));
    await age(60, 'a');
    const stop = new AbortController();
    let stored = 0;
    const source = {
      inFlight: 1,
      lag: () => {
        stored += 100;
        return Promise.resolve([{ partition: 0, stored, position: stored, end: stored + 5, records: 5 }]);
      },
    };
    const metrics = createMetrics({ processMetrics: false });
    const absence = { policy: stream.policy, refresh: () => Promise.resolve() };
    const parts = { db: database.db, logger: silentLogger, metrics, stream, absence, source };
    const watching = watchForAbsences(parts, stop.signal);
    const deadlineMs = Date.now() + 10_000;
    while ((await told()).length === 0 && Date.now() < deadlineMs) await new Promise((go) => setTimeout(go, 50));
    stop.abort();
    await watching;
    expect(await told()).toEqual(['absence opened 1 a']);
  });

  it('needs an event first, and none that was stored before', async () => {
    const arrivals = arrivalsOf(policyOf());
    await store(['a'], arrivalsOf(policyOf()));
    await database.query('DELETE FROM flowline.arrivals');
    expect(await look()).toEqual({ absent: 0, back: 0 });
    // The same batch again: everything of it is stored.
    await commitBatch(database.db, scoredBatch({ first: 0, size: 1 }), { alertTopic: null, arrivals });
    expect(await database.query('SELECT 1 FROM flowline.arrivals')).toEqual([]);
  });

  it('is watched while events are only collected', async () => {
    await commitCollected(database.db, scoredBatch({ first: 0, size: 2 }), arrivalsOf(policyOf()));
    await age(6);
    expect(await look()).toMatchObject({ absent: 1 });
  });

  it('is resolved by no event time, and not because the stream is quiet', async () => {
    await store(['a'], arrivalsOf(policyOf()));
    await age(6);
    await look();
    await database.query(`UPDATE flowline.alerts SET changed_at = changed_at - interval '1 hour'`);
    await database.query(`UPDATE flowline.stream_offsets SET updated_at = updated_at - interval '1 hour'`);
    const quiet = { detector: 'checkout', topic: 'orders', partitions: [0], rules: rulesOf(), addresses: ADDRESSES };
    expect(await resolveQuietAlerts(database.db, quiet)).toBe(0);
    // A batch whose arrival is not noted, an anomaly among it.
    const batch = scoredBatch({ first: 100, size: 5, anomalies: [1] });
    await commitBatch(database.db, batch, { alertTopic: null, alertRules: rulesOf() });
    expect((await listAlerts(database.db, { state: 'open' })).items).toMatchObject([{ kind: 'absence' }]);
  });

  it('that was resolved by hand is not raised again, but the next one is', async () => {
    const arrivals = arrivalsOf(policyOf());
    await store(['a'], arrivals);
    await age(6);
    await look();
    const [alert] = (await listAlerts(database.db)).items;
    await resolveAlert(database.db, alert?.alertId ?? '', { rules: rulesOf(), addresses: ADDRESSES });
    expect(await look()).toEqual({ absent: 0, back: 0 });
    // Also if what was noticed is forgotten.
    await database.query('UPDATE flowline.arrivals SET silence_from = NULL');
    await look();
    expect(await told()).toEqual(['absence opened 1', 'absence resolved 1']);
    await store(['a'], arrivals);
    await look();
    await age(6);
    await look();
    // Soon after the one before: the same alert.
    expect(await told()).toEqual(['absence opened 1', 'absence resolved 1', 'absence reopened 2']);
  });

  it('is told when a cooldown or a snooze ends', async () => {
    const stream = streamOf({ rules: rulesOf({ cooldownMs: 3_000 }) });
    const arrivals = arrivalsOf(policyOf());
    await store(['a'], arrivals);
    await age(6);
    await look(stream);
    await store(['a'], arrivals);
    await look(stream);
    await age(6);
    await look(stream);
    expect(await told()).toEqual(['absence opened 1', 'absence resolved 1']);
    const [alert] = (await listAlerts(database.db)).items;
    await snoozeAlert(database.db, alert?.alertId ?? '', new Date(Date.now() + 60_000));
    await database.query(`UPDATE flowline.alerts SET paged_at = paged_at - interval '1 minute'`);
    await look(stream);
    expect(await told()).toHaveLength(2);
    await snoozeAlert(database.db, alert?.alertId ?? '', null);
    await look(stream);
    await look(stream);
    expect(await told()).toEqual(['absence opened 1', 'absence resolved 1', 'absence reopened 2']);
  });

  it('does not count the times of calendars', async () => {
    await store(['a'], arrivalsOf(policyOf()));
    await age(60);
    expect(await look(streamOf({ silentSince: () => null }))).toMatchObject({ absent: 0 });
    expect(await look(streamOf({ silentSince: (untilMs) => untilMs - 61 * MINUTE_MS }))).toMatchObject({ absent: 0 });
    expect(await look(streamOf({ silentSince: (untilMs) => untilMs - 59 * MINUTE_MS }))).toMatchObject({ absent: 1 });
  });

  it('is resolved when nothing watches it any more', async () => {
    await store(['a'], arrivalsOf(policyOf()));
    await age(6);
    await look();
    const kept = { detector: 'checkout', rules: rulesOf(), addresses: ADDRESSES };
    expect(await withdrawAbsences(database.db, { ...kept, watched: { topic: 'orders', per: 'detector' } })).toBe(0);
    expect(await withdrawAbsences(database.db, { ...kept, watched: null })).toBe(1);
    expect(await told()).toEqual(['absence opened 1', 'absence resolved 1']);
    expect(await database.query('SELECT 1 FROM flowline.arrivals')).toEqual([]);
    expect(await withdrawAbsences(database.db, { ...kept, watched: null })).toBe(0);
  });
});

describe('the absence of entities', () => {
  const stream = streamOf({ policy: PER_ENTITY });

  it('is of the one that is silent, and ends with its own next event', async () => {
    const arrivals = arrivalsOf(PER_ENTITY);
    await store(['a', 'b', 'a'], arrivals);
    await age(6, 'a');
    expect(await look(stream)).toEqual({ absent: 1, back: 0 });
    await store(['b'], arrivals);
    expect(await look(stream)).toEqual({ absent: 0, back: 0 });
    expect(await told()).toEqual(['absence opened 1 a']);
    expect(await database.query('SELECT key FROM flowline.alert_outbox')).toEqual([{ key: 'checkout|a' }]);
    await store(['a', 'b'], arrivals);
    expect(await look(stream)).toEqual({ absent: 0, back: 1 });
    expect(await told()).toEqual(['absence opened 1 a', 'absence resolved 1 a']);
  });

  it('is a storm where many stop at once, and each is listed', async () => {
    const rules = rulesOf({ storm: { alerts: 3, windowMs: 60_000 } });
    const names = Array.from({ length: 20 }, (_, i) => `host-${String(i).padStart(2, '0')}`);
    await store(names, arrivalsOf(PER_ENTITY));
    await age(6);
    expect(await look({ ...stream, rules })).toEqual({ absent: 20, back: 0 });
    const opened = ['absence opened 1 host-00', 'absence opened 1 host-01', 'absence opened 1 host-02'];
    expect(await told()).toEqual([...opened, 'storm opened 4', 'storm updated 10']);
    expect((await listAlerts(database.db, { state: 'open', kind: 'absence' })).items).toHaveLength(20);
    await database.query(`UPDATE flowline.alerts SET last_seen = last_seen - interval '1 hour',
      first_seen = first_seen - interval '1 hour' WHERE kind = 'storm'`);
    await database.query(`UPDATE flowline.alerts SET last_seen = last_seen - interval '1 hour' WHERE kind = 'absence'`);
    await look({ ...stream, rules });
    await look({ ...stream, rules });
    expect(await told()).toEqual([...opened, 'storm opened 4', 'storm updated 10', 'storm resolved 20']);
  });

  it('is watched within a limit, which is said when it is reached', async () => {
    const refused: number[] = [];
    let nowMs = 0;
    const onLimit = (names: number): void => void refused.push(names);
    const arrivals = new Arrivals({ per: 'entity', stepMs: () => 1_000, limit: 2, onLimit, now: () => nowMs });
    await store(['a', 'b'], arrivals);
    await store(['c', 'd', 'a'], arrivals);
    expect(refused).toEqual([2]);
    await store(['c'], arrivals);
    expect(refused).toEqual([2]);
    await age(6);
    nowMs += 2_000;
    // Those that are watched are noted as before.
    await store(['a', 'b', 'e'], arrivals);
    expect(refused).toEqual([2, 1]);
    expect(await look(stream)).toEqual({ absent: 0, back: 0 });
    await database.query(`DELETE FROM flowline.arrivals WHERE entity = 'b'`);
    nowMs += 120_000;
    await store(['c'], arrivals);
    expect(await database.query('SELECT entity FROM flowline.arrivals ORDER BY 1')).toEqual([
      { entity: 'a' },
      { entity: 'c' },
    ]);
  });

  it('is looked for without a wait for batches that note arrivals meanwhile', async () => {
    const stream = streamOf({ policy: PER_ENTITY });
    await store(['a', 'b'], arrivalsOf(PER_ENTITY));
    await age(60);
    const batch = await database.client();
    const note = (entity: string) =>
      batch.query('UPDATE flowline.arrivals SET last_seen = now() WHERE entity = $1', [entity]);
    await batch.query('BEGIN');
    await note('b');
    const looking = look(stream);
    await Promise.race([looking.catch(() => undefined), new Promise((resolve) => setTimeout(resolve, 500))]);
    await note('a');
    await batch.query('COMMIT');
    expect(await looking).toEqual({ absent: 1, back: 0 });
    expect(await look(stream)).toEqual({ absent: 0, back: 1 });
    expect(await told()).toEqual(['absence opened 1 a', 'absence resolved 1 a']);
  });

  it('are withdrawn without a wait for a batch that holds the alerts', async () => {
    await store(['a'], arrivalsOf(PER_ENTITY));
    await age(60);
    await look(streamOf({ policy: PER_ENTITY }));
    const batch = await database.client();
    await batch.query(`BEGIN; SELECT pg_advisory_xact_lock(hashtextextended('flowline.alerts checkout orders', 0))`);
    const withdrawn = withdrawAbsences(database.db, {
      ...{ detector: 'checkout', watched: null, rules: rulesOf(), addresses: ADDRESSES },
    });
    await Promise.race([withdrawn.catch(() => undefined), new Promise((resolve) => setTimeout(resolve, 500))]);
    await batch.query('UPDATE flowline.arrivals SET last_seen = now(); COMMIT');
    expect(await withdrawn).toBe(1);
  });

  it('is forgotten after a time', async () => {
    const arrivals = arrivalsOf(PER_ENTITY);
    await store(['a', 'b'], arrivals);
    await age(6, 'a');
    await look(stream);
    await age(1_440, 'a');
    await database.query(`UPDATE flowline.arrivals SET silence_from = last_seen WHERE entity = 'a'`);
    await look(stream);
    expect(await told()).toEqual(['absence opened 1 a', 'absence resolved 1 a']);
    expect(await database.query('SELECT entity FROM flowline.arrivals')).toEqual([{ entity: 'b' }]);
  });

  it('of many is looked for in pages', async () => {
    const names = Array.from({ length: 2_500 }, (_, i) => `host-${String(i)}`);
    await store(names, arrivalsOf(PER_ENTITY));
    await age(6);
    expect(await look(streamOf({ policy: PER_ENTITY, addresses: [] }))).toEqual({ absent: 2_500, back: 0 });
    await store(names, arrivalsOf(PER_ENTITY));
    expect(await look(streamOf({ policy: PER_ENTITY, addresses: [] }))).toEqual({ absent: 0, back: 2_500 });
    expect((await listAlerts(database.db, { state: 'open', kind: 'absence' })).items).toEqual([]);
    const watched = { topic: 'orders', per: 'entity' } as const;
    const kept = { detector: 'checkout', rules: rulesOf(), addresses: ADDRESSES };
    expect(await withdrawAbsences(database.db, { ...kept, watched })).toBe(0);
    expect((await listAlerts(database.db, { state: 'open' })).items).toMatchObject([{ kind: 'storm' }]);
    expect(await withdrawAbsences(database.db, { ...kept, watched: null })).toBe(1);
    expect(await told()).toEqual(['storm resolved 2500']);
  });
});

describe('arrivals', () => {
  it('are noted once per step, and again if their transaction was rolled back', async () => {
    let nowMs = 0;
    const arrivals = new Arrivals({ per: 'entity', stepMs: () => 1_000, now: () => nowMs });
    const seen = async () =>
      (await database.query('SELECT entity, last_seen FROM flowline.arrivals')) as { last_seen: Date }[];
    const refusedBatch = scoredBatch({
      ...{ first: 5, size: 1, fromOffset: 5 },
      entities: { key: ['host'], names: ['a'], seen: [], windows: null },
    });
    await expect(commitBatch(database.db, refusedBatch, { alertTopic: null, arrivals })).rejects.toThrow();
    expect(await seen()).toEqual([]);
    await store(['a'], arrivals);
    const [first] = await seen();
    nowMs = 900;
    await store(['a'], arrivals);
    expect(await seen()).toEqual([first]);
    nowMs = 1_000;
    await store(['a'], arrivals);
    expect((await seen())[0]?.last_seen.getTime()).toBeGreaterThan(first?.last_seen.getTime() ?? Infinity);
  });
});
