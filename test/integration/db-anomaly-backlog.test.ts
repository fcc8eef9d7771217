import { randomBytes } from 'node:crypto';
import { deserialize, serialize } from 'node:v8';

import type { AlertMessage, AlertRules } from '@flowline/alerts';
import {
  type AlertingOptions,
  applyDetector,
  commitBatch,
  countBacklogAnomalies,
  deleteDetector,
  listBacklogPieces,
  redriveBacklogPieces,
  resolveQuietAlerts,
  setBacklogPiecesAside,
  writeOutBacklog,
} from '@flowline/db';
import { type AnomalyBatch, at, type ScoredBatch } from '@flowline/events';
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

const rules: AlertRules = {
  ...{ groupBy: ['feature'], sendResolved: true, minEvents: { count: 2, withinMs: 60_000 } },
  ...{ cooldownMs: 1, resolveAfterMs: 3_600_000, mergeGapMs: 30_000 },
  severityBits: { warning: 13.3, major: 16.6, critical: 19.9 },
  storm: { alerts: 3, windowMs: 60_000 },
};
const alerting = { alertTopic: 'alerts', alertRules: rules };

/** Batch of anomalies, of three entities in turn; those beyond `atOnce` may wait. */
function incident(first: number, size: number, atOnce: number, partition = 0): ScoredBatch {
  const rows = Array.from({ length: size }, (_, row) => row);
  const whole = scoredBatch({ first, size, anomalies: rows, partition });
  const anomalies = whole.anomalies.map((anomaly) => {
    const { event, score } = anomaly.alert;
    const surpriseBits = 10 + ((first + anomaly.row) % 11);
    const entity = `e${(first + anomaly.row) % 3}`;
    return { ...anomaly, alert: { ...anomaly.alert, event: { ...event, entity }, score: { ...score, surpriseBits } } };
  });
  const pack = (own: readonly number[]): Uint8Array => serialize(packed({ ...whole, anomalies }, own));
  return { ...whole, anomalies: anomalies.slice(0, atOnce), backlog: { rows: rows.slice(atOnce), pack } };
}

function packed(batch: ScoredBatch, rows: readonly number[]): AnomalyBatch {
  const { detector, detectorVersion, modelVersion, topic, partition } = batch;
  const column = (values: Float64Array): Float64Array => Float64Array.from(rows, (row) => at(values, row));
  return {
    ...{ detector, detectorVersion, modelVersion, topic, partition, size: rows.length },
    offsets: column(batch.offsets),
    eventIds: rows.map((row) => at(batch.eventIds, row)),
    eventTimesMs: column(batch.eventTimesMs),
    logDensityNats: column(batch.logDensityNats),
    pValues: column(batch.pValues),
    pMethods: rows.map((row) => at(batch.pMethods, row)),
    anomalies: rows.map((row, i) => ({ ...at(batch.anomalies, row), row: i })),
  };
}

const unpack = (bytes: Uint8Array): AnomalyBatch => deserialize(bytes) as AnomalyBatch;
const commit = (batch: ScoredBatch) => commitBatch(database.db, batch, alerting);
const writeOut = (read = unpack, own: AlertingOptions = alerting) =>
  writeOutBacklog(database.db, { detector: 'checkout', unpack: read, alerting: () => own });
async function writeOutAll(own: AlertingOptions = alerting): Promise<void> {
  while ((await writeOut(unpack, own)) !== null);
}

const waiting = () => countBacklogAnomalies(database.db, 'checkout');
const offsets = async (): Promise<unknown[]> =>
  (await database.query('SELECT "offset"::integer FROM flowline.anomalies ORDER BY anomaly_id')).map(
    ({ offset }) => offset,
  );
const upTo = (end: number): number[] => Array.from({ length: end }, (_, i) => i);

/** Everything that people see of the anomalies and their alerts. */
async function outcome() {
  const alerts = await database.query(
    `SELECT alert_id, fingerprint, kind, entity, phase, severity, count::integer, first_seen, last_seen, peak, messages
     FROM flowline.alerts ORDER BY fingerprint, first_seen`,
  );
  const anomalies = await database.query('SELECT "offset", alert_id, alert FROM flowline.anomalies ORDER BY "offset"');
  const outbox = await database.query('SELECT value FROM flowline.alert_outbox ORDER BY outbox_id');
  const counts = await database.query('SELECT events::integer, anomalies::integer FROM flowline.event_counts');
  const messages = outbox.map(({ value }) => {
    const { messageId, state, count } = JSON.parse(String(value)) as AlertMessage;
    return { messageId, state, count };
  });
  return { alerts, anomalies, messages, counts };
}

describe('the backlog of anomalies', () => {
  it('is empty where all anomalies of a batch are written out with it', async () => {
    expect(await commit(incident(0, 5, 5))).toMatchObject({ stored: 5, anomalies: 5 });
    expect([await waiting(), await writeOut(), await offsets()]).toEqual([0, null, upTo(5)]);
  });

  it('keeps the order: all that follow wait behind those that wait, until these are written out', async () => {
    expect(await commit(incident(0, 10, 4))).toMatchObject({ anomalies: 10, waiting: 6 });
    expect(await commit(incident(10, 2, 2))).toMatchObject({ anomalies: 2, waiting: 2 });
    expect(await offsets()).toEqual([0, 1, 2, 3]);
    expect(
      await database.query('SELECT topic, partition, anomalies::integer FROM flowline.v1_anomaly_backlog'),
    ).toEqual([{ topic: 'orders', partition: 0, anomalies: 8 }]);
    expect((await writeOut())?.batch.size).toBe(6);
    expect(await offsets()).toEqual(upTo(10));
    expect((await writeOut())?.batch.size).toBe(2);
    expect(await writeOut()).toBeNull();
    await commit(incident(12, 3, 3));
    expect([await waiting(), await offsets()]).toEqual([0, upTo(15)]);
  });

  it('has the same outcome as writing all out at once', async () => {
    const sizes = [600, 3, 40, 1, 700];
    const run = async (atOnce: number, between: () => Promise<unknown>) => {
      database = await postgres.createDatabase();
      let first = 0;
      for (const size of sizes) {
        await commit(incident(first, size, atOnce));
        await between();
        first += size;
      }
      await writeOutAll();
      return outcome();
    };
    const direct = await run(Infinity, () => Promise.resolve());
    expect(direct.messages.length).toBeGreaterThan(5);
    expect(await run(2, () => Promise.resolve())).toEqual(direct);
    expect(await run(0, () => writeOut())).toEqual(direct);
    expect(await run(20, () => writeOutAll())).toEqual(direct);
  });

  it('takes no time that lies for now: such an anomaly has the time of those beside it', async () => {
    const lying = (atOnce: number): ScoredBatch => {
      const batch = incident(0, 40, atOnce);
      const time = Date.UTC(9999, 0, 1);
      const rows = [3, 30];
      for (const row of rows) batch.eventTimesMs[row] = time;
      const { anomalies } = incident(0, 40, Infinity);
      const lied = anomalies.map(({ alert, ...anomaly }) =>
        rows.includes(anomaly.row)
          ? { ...anomaly, alert: { ...alert, event: { ...alert.event, time: new Date(time).toISOString() } } }
          : { ...anomaly, alert },
      );
      const pack = (own: readonly number[]): Uint8Array => serialize(packed({ ...batch, anomalies: lied }, own));
      return { ...batch, anomalies: lied.slice(0, atOnce), backlog: { rows: batch.backlog?.rows ?? [], pack } };
    };
    const lastSeen = async (atOnce: number) => {
      database = await postgres.createDatabase();
      await commit(lying(atOnce));
      await writeOutAll();
      const [alert] = await database.query('SELECT max(last_seen) AS last FROM flowline.alerts');
      return new Date(String(alert?.last)).getTime();
    };
    const dayMs = 86_400_000;
    const beganMs = at(incident(0, 1, 1).eventTimesMs, 0);
    for (const atOnce of [Infinity, 10, 0]) expect(await lastSeen(atOnce)).toBeLessThan(beganMs + dayMs);
  });

  it('has pieces that can be written out, whatever the size of an id', async () => {
    const { anomalies, backlog, ...whole } = incident(0, 300, Infinity);
    const eventIds = whole.eventIds.map((id) => id + 'x'.repeat(50_000));
    const pack = (own: readonly number[]): Uint8Array => serialize(packed({ ...whole, anomalies, eventIds }, own));
    await commit({ ...whole, eventIds, anomalies: [], backlog: { rows: upTo(300), pack } });
    const [pieces] = await database.query(
      `SELECT sum(anomalies)::integer AS anomalies, max(octet_length(packed)) < 2200000 AS "areSmall"
       FROM flowline.anomaly_backlog`,
    );
    expect([backlog?.rows, pieces]).toEqual([[], { anomalies: 300, areSmall: true }]);
    await writeOutAll();
    expect(await offsets()).toEqual(upTo(300));
  });

  it('is written out once, whoever writes, also after a failure', async () => {
    await commit(incident(0, 1_200, 0));
    await commit(incident(0, 50, 0, 1));
    const failing = () => {
      throw new Error('killed');
    };
    await expect(writeOut(failing)).rejects.toThrow('killed');
    expect([await waiting(), await offsets()]).toEqual([1_250, []]);
    await Promise.all([writeOutAll(), writeOutAll(), writeOutAll()]);
    const rows = await database.query(
      'SELECT partition, count(*)::integer AS n, count(DISTINCT "offset")::integer AS own FROM flowline.anomalies GROUP BY 1 ORDER BY 1',
    );
    expect(rows).toEqual([
      { partition: 0, n: 1_200, own: 1_200 },
      { partition: 1, n: 50, own: 50 },
    ]);
  });

  it('stores a repeated batch once', async () => {
    await commit(incident(0, 10, 4));
    expect(await commit(incident(0, 10, 4))).toMatchObject({ stored: 0, anomalies: 0, alreadyStored: 10 });
    expect(await waiting()).toBe(6);
  });

  it('keeps the time of its batches from resolving alerts whose anomalies wait', async () => {
    const short = { alertTopic: 'alerts', alertRules: { ...rules, resolveAfterMs: 30_000 } };
    const resolved = () => database.query("SELECT FROM flowline.alerts WHERE phase = 'resolved'");
    // An anomaly a second: the median time of the batch is a minute after the first.
    await commitBatch(database.db, incident(0, 120, 8), short);
    await commitBatch(
      database.db,
      { ...incident(120, 120, 0), backlog: { rows: [], pack: () => new Uint8Array() } },
      short,
    );
    expect(await resolved()).toEqual([]);
    await writeOutAll(short);
    expect(await resolved()).toEqual([]);
    await commitBatch(
      database.db,
      { ...incident(300, 9, 0), backlog: { rows: [], pack: () => new Uint8Array() } },
      short,
    );
    expect((await resolved()).length).toBeGreaterThan(0);
  });

  it('keeps alerts of anomalies that wait from being resolved by the clock', async () => {
    await commit(incident(0, 10, 6));
    await new Promise((resolve) => setTimeout(resolve, 60));
    const quiet = {
      detector: 'checkout',
      topic: 'orders',
      partitions: [0],
      rules: { ...rules, resolveAfterMs: 50 },
      addresses: [],
    };
    expect(await resolveQuietAlerts(database.db, quiet)).toBe(0);
    await writeOutAll();
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(await resolveQuietAlerts(database.db, quiet)).toBeGreaterThan(0);
  });

  it('sets aside an anomaly that Postgres refuses, and writes out those around it', async () => {
    await commit(incident(0, 6, 0));
    // Too long for an index, however it is compressed.
    const feature = randomBytes(8_000).toString('base64');
    const spoilt = (bytes: Uint8Array): AnomalyBatch => {
      const batch = unpack(bytes);
      const contributions = [{ feature, bits: 1, direction: 'high' } as const];
      const anomalies = batch.anomalies.map((anomaly) =>
        anomaly.row === 2 ? { ...anomaly, alert: { ...anomaly.alert, contributions } } : anomaly,
      );
      return { ...batch, anomalies };
    };
    await writeOut(spoilt);
    const letters = await database.query('SELECT "offset"::integer, reason, message FROM flowline.dead_letters');
    expect(letters).toEqual([
      { offset: 2, reason: 'refused', message: expect.stringContaining('SQLSTATE 54000') as unknown },
    ]);
    expect([await offsets(), await waiting()]).toEqual([[0, 1, 3, 4, 5], 0]);
  });

  describe('of which a piece cannot be written out', () => {
    const failing = (bytes: Uint8Array): AnomalyBatch => {
      const batch = unpack(bytes);
      if (at(batch.offsets, 0) === 0) throw new Error('packed by a release that is unknown');
      return batch;
    };
    const drain = async () => {
      while ((await writeOut(failing)) !== null);
    };

    it('says which, how often and why; once it is set aside the others are written out, and it stays', async () => {
      await commit(incident(0, 10, 0));
      await commit(incident(10, 5, 0));
      await commit(incident(0, 3, 0, 1));
      for (let i = 0; i < 2; i++) await expect(drain()).rejects.toThrow('packed by a release');
      const [first, second, third] = await listBacklogPieces(database.db, { detector: 'checkout' });
      expect(first).toMatchObject({
        ...{ partition: 0, anomalies: 10, attempts: 2, error: 'packed by a release that is unknown' },
        ...{ failedAt: expect.any(Date), setAsideAt: null, setAsideReason: null },
      });
      expect([second, third]).toMatchObject([
        { anomalies: 5, attempts: 0, error: null },
        { partition: 1, anomalies: 3, attempts: 0 },
      ]);
      const ids = [first?.backlogId ?? 0];
      expect(await setBacklogPiecesAside(database.db, 'another', ids)).toEqual({ pieces: 0, anomalies: 0 });
      expect(await setBacklogPiecesAside(database.db, 'checkout', ids)).toEqual({ pieces: 1, anomalies: 10 });
      expect(await setBacklogPiecesAside(database.db, 'checkout', ids)).toEqual({ pieces: 0, anomalies: 0 });
      // The piece of the other partition, which fails as well, is now the first that does.
      await expect(drain()).rejects.toThrow('packed by a release');
      expect([await offsets(), await waiting()]).toEqual([[10, 11, 12, 13, 14], 3]);
      const view = `SELECT partition, anomalies::int, set_aside::int, since IS NULL AS "noneWaits"
        FROM flowline.v1_anomaly_backlog ORDER BY partition`;
      expect(await database.query(view)).toEqual([
        { partition: 0, anomalies: 0, set_aside: 10, noneWaits: true },
        { partition: 1, anomalies: 3, set_aside: 0, noneWaits: false },
      ]);
      // Anomalies that follow in its stream do not wait behind it.
      expect(await commit(incident(15, 2, 2))).toMatchObject({ anomalies: 2 });
      expect(await commit(incident(17, 2, 2))).toMatchObject({ anomalies: 2 });
      expect(await offsets()).toEqual(upTo(19).slice(10));
    });

    it('is written out after all, once it is queued again', async () => {
      await commit(incident(0, 10, 0));
      const [piece] = await listBacklogPieces(database.db);
      await setBacklogPiecesAside(database.db, 'checkout', [piece?.backlogId ?? 0]);
      await writeOutAll();
      expect(await offsets()).toEqual([]);
      expect(await redriveBacklogPieces(database.db, 'checkout', [1_000])).toEqual({ pieces: 0, anomalies: 0 });
      expect(await redriveBacklogPieces(database.db, 'checkout')).toEqual({ pieces: 1, anomalies: 10 });
      await writeOutAll();
      expect(await offsets()).toEqual(upTo(10));
      expect(await listBacklogPieces(database.db)).toEqual([]);
    });

    it('is not taken by a scorer that waits for it while somebody sets it aside', async () => {
      await commit(incident(0, 10, 0));
      const [piece] = await listBacklogPieces(database.db);
      const person = await database.client();
      await person.query('BEGIN');
      await person.query('UPDATE flowline.anomaly_backlog SET set_aside_at = now(), set_aside_reason = $1', ['a test']);
      const written = writeOut();
      await new Promise((resolve) => setTimeout(resolve, 300));
      await person.query('COMMIT');
      expect(await written).toBeNull();
      expect(await listBacklogPieces(database.db)).toMatchObject([{ backlogId: piece?.backlogId, anomalies: 10 }]);
    });
  });

  const definition = { name: 'checkout', ...{ features: [{ name: 'a' }], lookups: {} } };

  it('sends nothing of an earlier life of its detector that was deleted with its data kept', async () => {
    const messages = () => database.query('SELECT FROM flowline.alert_outbox WHERE sent_at IS NULL');
    await applyDetector(database.db, definition);
    await commit(incident(0, 60, 20));
    expect((await messages()).length).toBeGreaterThan(0);
    await deleteDetector(database.db, 'checkout', { dropData: false });
    expect([await messages(), await waiting()]).toEqual([[], 0]);
    // A scorer that has not noticed yet.
    expect(await writeOut()).toBeNull();
    await resolveQuietAlerts(database.db, {
      ...{ detector: 'checkout', topic: 'orders', partitions: [0], addresses: [{ sink: 'kafka', topic: 'alerts' }] },
      rules: { ...rules, resolveAfterMs: 1 },
    });
    await applyDetector(database.db, definition);
    await writeOutAll();
    expect([await messages(), await offsets()]).toEqual([[], upTo(20)]);
    expect(await listBacklogPieces(database.db)).toMatchObject([
      { anomalies: 40, setAsideReason: 'the detector was deleted' },
    ]);
    // Its data were kept: whoever wants them in v1_anomalies has them.
    await redriveBacklogPieces(database.db, 'checkout');
    await writeOutAll();
    expect(await offsets()).toEqual(upTo(60));
  });

  it('goes with its detector', async () => {
    await applyDetector(database.db, definition);
    await commit(incident(0, 10, 4));
    await deleteDetector(database.db, 'checkout', { dropData: true });
    expect(await waiting()).toBe(0);
  });
});
