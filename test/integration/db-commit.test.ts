import {
  applyDetector,
  commitBatch,
  commitCollected,
  connect,
  countEventHistory,
  encodingFault,
  eventHistory,
  listAnomalies,
  listDeadLetters,
  readOffset,
  readWindows,
  recordGap,
} from '@flowline/db';
import { at } from '@flowline/events';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
import { scoredBatch, storedFrom, windowsAt } from '../support/postgres-batch.ts';
import { until } from '../support/until.ts';
import { type HistoryRow, readHistory } from '../support/read-history.ts';

const ALERTS = { alertTopic: 'flowline.alerts.v1' };

let postgres: TestPostgres;
let database: TestDatabase;

beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.stop());
beforeEach(async () => {
  database = await postgres.createDatabase();
});

const counts = async () => {
  const [row] = await database.query(`
    SELECT (SELECT count(*)::int FROM flowline.scored_events) AS events,
           (SELECT count(DISTINCT (detector, topic, partition, "offset"))::int FROM flowline.scored_events) AS "distinctEvents",
           (SELECT count(*)::int FROM flowline.anomalies) AS anomalies,
           (SELECT count(*)::int FROM flowline.alert_outbox) AS alerts,
           (SELECT count(*)::int FROM flowline.dead_letters) AS "deadLetters"`);
  return row;
};

describe('a sample of normal events', () => {
  const stored = async () =>
    database.query('SELECT "offset"::int, is_anomaly, in_sample FROM flowline.scored_events ORDER BY "offset"');

  it('is the same however batches are cut or repeated, and holds every anomaly', async () => {
    const options = { ...ALERTS, sample: 0.3 };
    const anomalies = [2, 30, 31];
    await commitBatch(database.db, scoredBatch({ size: 60, anomalies }), options);
    const whole = await stored();
    await database.query('TRUNCATE flowline.event_scores, flowline.stream_offsets, flowline.anomalies');
    await commitBatch(database.db, scoredBatch({ size: 25, anomalies: [2] }), options);
    await commitBatch(database.db, scoredBatch({ first: 10, size: 30, anomalies: [20, 21] }), options);
    await commitBatch(database.db, scoredBatch({ first: 35, size: 25 }), options);
    expect(await stored()).toEqual(whole);
    expect(whole.filter((row) => row.is_anomaly).map((row) => row.offset)).toEqual(anomalies);
    const sampled = whole.filter((row) => row.in_sample);
    expect(sampled.length).toBeGreaterThan(5);
    expect(sampled.length).toBeLessThan(35);
    // An anomaly outside the sample is marked, so that the sample stays uniform.
    expect(whole.filter((row) => !row.in_sample).every((row) => row.is_anomaly)).toBe(true);
    // If everything is kept, everything is in the sample.
    await commitBatch(database.db, scoredBatch({ topic: 'other', size: 5, anomalies: [1] }), ALERTS);
    expect(
      await database.query(`SELECT 1 FROM flowline.scored_events WHERE topic = 'other' AND in_sample`),
    ).toHaveLength(5);
  });
});

describe('events whose model has other features than those in force', () => {
  it('are stored as the definition in force reads them, and are history for its model', async () => {
    const { db } = database;
    await applyDetector(db, { name: 'checkout', ...{ features: [{ name: 'a' }], lookups: {} } });
    await applyDetector(db, { name: 'checkout', ...{ features: [{ name: 'a' }, { name: 'b' }], lookups: {} } });
    const valuesInForce = {
      ...{
        detectorVersion: 2,
        numeric: Float64Array.of(1, 2, 3, 4, NaN, 6),
        numericWidth: 3,
        levels: [],
        levelWidth: 0,
      },
      // The third event lacks a field that version 2 requires.
      rows: Int32Array.of(0, 1, -1),
    };
    await commitBatch(db, scoredBatch({ size: 3, anomalies: [1], valuesInForce }), ALERTS);
    expect(
      await database.query(
        `SELECT detector_version, model_version, numeric_values, level_values, is_anomaly FROM flowline.scored_events ORDER BY "offset"`,
      ),
    ).toEqual([
      { detector_version: 2, model_version: 1, numeric_values: [1, 2, 3], level_values: [], is_anomaly: false },
      { detector_version: 2, model_version: 1, numeric_values: [4, null, 6], level_values: [], is_anomaly: true },
      { detector_version: 1, model_version: 1, numeric_values: [null, -2], level_values: [null], is_anomaly: false },
    ]);
    expect(await database.query('SELECT detector_version FROM flowline.anomalies')).toEqual([{ detector_version: 1 }]);
    expect(await countEventHistory(db, 'checkout', 10)).toBe(2);
  });
});

describe('commitCollected', () => {
  it('stores events without scores behind the same fence, and they are history for the features in force', async () => {
    const { db } = database;
    const features = [{ name: 'a' }];
    await applyDetector(db, { name: 'checkout', ...{ features, lookups: {} } });
    const batch = scoredBatch({ size: 3, deadLetters: [3] });
    expect(await commitCollected(db, batch)).toEqual({
      stored: 3,
      alreadyStored: 0,
      anomalies: 0,
      deadLetters: 1,
      refused: 0,
    });
    expect(await commitCollected(db, batch)).toEqual({
      stored: 0,
      alreadyStored: 4,
      anomalies: 0,
      deadLetters: 0,
      refused: 0,
    });
    // The first model takes over after the collected events.
    const scored = scoredBatch({ size: 6, first: 2 });
    expect(await commitBatch(db, scored, ALERTS)).toMatchObject({ stored: 4, alreadyStored: 2 });
    const rows = await database.query(
      'SELECT "offset"::int, model_version, p_value FROM flowline.scored_events ORDER BY 1',
    );
    expect(rows.map((row) => [row.offset, row.model_version])).toEqual([
      ...[0, 1, 2].map((offset) => [offset, null]),
      ...[4, 5, 6, 7].map((offset) => [offset, 1]),
    ]);
    expect(rows[0]?.p_value).toBeNull();
    expect(await countEventHistory(db, 'checkout', 100)).toBe(7);
    expect(await countEventHistory(db, 'checkout', 5)).toBe(5);
    const read: HistoryRow[] = [];
    for await (const chunk of readHistory(db, await eventHistory(db, 'checkout'))) read.push(...chunk);
    expect(read).toHaveLength(7);
    expect(read[2]).toEqual({
      event_time: '2026-01-01T00:00:02+00:00',
      exact_values: [null, -2],
      compact_values: null,
      level_values: [null],
    });
    // With other features, the events stored for the old ones are no history.
    await applyDetector(db, { name: 'checkout', ...{ features: [{ name: 'b' }], lookups: {} } });
    expect(await countEventHistory(db, 'checkout', 100)).toBe(0);
  });
});

describe('commitBatch', () => {
  it('stores every value of a batch as it is, and moves the offset', async () => {
    const batch = scoredBatch({ size: 3, first: 41, anomalies: [1], deadLetters: [44] });
    const report = await commitBatch(database.db, batch, ALERTS);
    expect(report).toEqual({ stored: 3, alreadyStored: 0, anomalies: 1, deadLetters: 1, refused: 0 });
    const rows = await database.query('SELECT * FROM flowline.scored_events ORDER BY "offset"');
    expect(rows).toHaveLength(3);
    expect(rows[2]).toMatchObject({
      detector: 'checkout',
      detector_version: 1,
      model_version: 1,
      topic: 'orders',
      partition: 0,
      offset: '43',
      event_id: 'event-43',
      event_time: new Date(Date.UTC(2026, 0, 1) + 43_000),
      log_density_nats: -2,
      p_value: 1 / 3,
      p_method: 'empirical',
      is_anomaly: false,
      numeric_values: [null, -2],
      level_values: [null],
    });
    expect(rows[1]).toMatchObject({ is_anomaly: true, numeric_values: [1.5, -1], level_values: ['level 1'] });
    expect(await readOffset(database.db, 'checkout', 'orders', 0)).toBe(45);
    const { items } = await listAnomalies(database.db);
    expect(items).toMatchObject([
      {
        detector: 'checkout',
        offset: 42,
        topFeature: 'latency_ms',
        surpriseBits: 19.9,
        observed: { latency_ms: 9120, amount: null },
        eventTime: new Date(Date.UTC(2026, 0, 1) + 42_000),
      },
    ]);
    const letters = await listDeadLetters(database.db, { detector: 'checkout' });
    expect(letters).toMatchObject([{ offset: 44, reason: 'not_json', key: null, headers: { trace: 't-44' } }]);
    expect([...(letters[0]?.value ?? [])]).toEqual([0x7b, 0x00, 0xff]);
  });

  it('keeps extreme values: no density, far times, no columns, unusual text', async () => {
    const odd = 'a\0b "quoted" {braces} \\ \ud800 ünïcode 🛫';
    const batch = {
      ...scoredBatch({ size: 2, eventIds: [odd, ''], anomalies: [0] }),
      eventTimesMs: Float64Array.from([-8.64e15, 8.64e15]),
      logDensityNats: Float64Array.from([-Infinity, -5e12]),
      pValues: Float64Array.from([1e-300, Number.MIN_VALUE]),
      numeric: new Float64Array(0),
      numericWidth: 0,
      levels: [odd, null],
    };
    const anomaly = batch.anomalies[0]!;
    const withOddAlert = {
      ...batch,
      anomalies: [{ ...anomaly, alert: { ...anomaly.alert, observed: { [odd]: odd, text: '\\u0000' } } }],
    };
    await commitBatch(database.db, withOddAlert, ALERTS);
    const rows = await database.query(
      'SELECT *, event_time::text AS time FROM flowline.scored_events ORDER BY "offset"',
    );
    const kept = 'a\ufffdb "quoted" {braces} \\ \ufffd ünïcode 🛫';
    expect(rows).toMatchObject([
      {
        event_id: kept,
        time: '-infinity',
        log_density_nats: -Infinity,
        p_value: 1e-300,
        numeric_values: [],
        level_values: [kept],
      },
      { event_id: '', log_density_nats: -5e12, p_value: Number.MIN_VALUE, level_values: [null] },
    ]);
    const [anomalyRow] = await database.query(`SELECT alert -> 'observed' AS observed FROM flowline.anomalies`);
    expect(anomalyRow).toEqual({ observed: { [kept]: kept, text: '\\u0000' } });
    const [outbox] = await database.query('SELECT value FROM flowline.alert_outbox');
    expect(JSON.parse(String(outbox?.value))).toMatchObject({ observed: { text: '\\u0000' } });
  });

  it('drops what lies below the fence, whole batches and parts of them', async () => {
    await commitBatch(database.db, scoredBatch({ first: 10, size: 5, anomalies: [4] }), ALERTS);
    const overlap = scoredBatch({ first: 8, size: 10, anomalies: [6, 7], deadLetters: [9, 18] });
    const report = await commitBatch(database.db, overlap, ALERTS);
    expect(report).toEqual({ stored: 3, alreadyStored: 8, anomalies: 1, deadLetters: 1, refused: 0 });
    const again = await commitBatch(database.db, overlap, ALERTS);
    expect(again).toEqual({ stored: 0, alreadyStored: 12, anomalies: 0, deadLetters: 0, refused: 0 });
    expect(await counts()).toEqual({ events: 8, distinctEvents: 8, anomalies: 2, alerts: 2, deadLetters: 1 });
    expect(await readOffset(database.db, 'checkout', 'orders', 0)).toBe(19);
  });

  it('keeps detectors, topics and partitions apart', async () => {
    const streams = [{}, { detector: 'other' }, { topic: 'payments' }, { partition: 1 }];
    for (const stream of streams) await commitBatch(database.db, scoredBatch(stream), ALERTS);
    expect(await counts()).toMatchObject({ events: 12, distinctEvents: 12 });
  });

  it('refuses offsets that do not increase, and stores nothing', async () => {
    await expect(commitBatch(database.db, scoredBatch({ offsets: [1, 1] }), ALERTS)).rejects.toThrow(RangeError);
    await expect(commitBatch(database.db, scoredBatch({ nextOffset: 2 }), ALERTS)).rejects.toThrow(RangeError);
    expect(await counts()).toMatchObject({ events: 0 });
  });

  it('refuses a batch before which commits were lost, and stores nothing of it', async () => {
    await commitBatch(database.db, scoredBatch({ size: 10 }), ALERTS);
    await database.query('UPDATE flowline.stream_offsets SET next_offset = 4');
    const next = { first: 10, fromOffset: 10, anomalies: [1] };
    await expect(commitBatch(database.db, scoredBatch(next), ALERTS)).rejects.toMatchObject({
      code: 'FLOWLINE_STREAM_REWOUND',
      retryable: true,
    });
    await expect(commitCollected(database.db, scoredBatch(next))).rejects.toMatchObject({
      code: 'FLOWLINE_STREAM_REWOUND',
    });
    expect(await counts()).toMatchObject({ events: 10, anomalies: 0 });
    expect(await readOffset(database.db, 'checkout', 'orders', 0)).toBe(4);
  });

  it('stores no alert where none is to be sent', async () => {
    await commitBatch(database.db, scoredBatch({ anomalies: [0] }), { alertTopic: null });
    expect(await counts()).toMatchObject({ anomalies: 1, alerts: 0 });
  });

  it('has 0 duplicates and 0 holes when two workers commit the same stream at once, in any cuts', async () => {
    const second = await connect(database.url, { applicationName: 'second worker' });
    let stream = 0;
    const cuts = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 3, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(cuts, cuts, async (cutsA, cutsB) => {
        const topic = `stream-${stream++}`;
        const end = 20;
        // Each worker starts at the stored offset and cuts its own batches. Every commit races the
        // other worker's.
        const work = async (db: typeof second, sizes: readonly number[]) => {
          let first = (await readOffset(db, 'checkout', topic, 0)) ?? 0;
          for (let turn = 0; first < end; turn++) {
            const size = Math.min(at(sizes, turn % sizes.length), end - first);
            await commitBatch(db, scoredBatch({ topic, first, size, anomalies: [0] }), ALERTS);
            first += size;
          }
        };
        await Promise.all([work(database.db, cutsA), work(second, cutsB)]);
        const rows = await database.query(
          'SELECT "offset"::int AS o FROM flowline.scored_events WHERE topic = $1 ORDER BY 1',
          [topic],
        );
        expect(rows.map((row) => row.o)).toEqual(Array.from({ length: end }, (_, offset) => offset));
      }),
      { numRuns: 15 },
    );
    await second.close();
  });

  it('stores nothing of a batch whose connection dies, and everything once when it is tried again', async () => {
    // The transaction waits for a lock and its connection is killed there. All of its work must
    // vanish.
    const blocker = await database.client();
    await blocker.query('BEGIN');
    await blocker.query('LOCK TABLE flowline.dead_letters IN ACCESS EXCLUSIVE MODE');
    const batch = scoredBatch({ size: 2000, anomalies: [7], deadLetters: [2000] });
    const attempt = commitBatch(database.db, batch, ALERTS).then(
      () => null,
      (error: unknown) => error,
    );
    const waiting = `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
    let pid: unknown;
    await until('a waiting commit', async () => (pid = (await database.query(waiting))[0]?.pid) !== undefined);
    await database.query('SELECT pg_terminate_backend($1)', [pid]);
    const error = await attempt;
    await blocker.query('ROLLBACK');
    expect(error).toMatchObject({ code: 'FLOWLINE_DATABASE_UNREACHABLE', retryable: true });
    expect(await counts()).toEqual({ events: 0, distinctEvents: 0, anomalies: 0, alerts: 0, deadLetters: 0 });
    expect(await readOffset(database.db, 'checkout', 'orders', 0)).toBeNull();
    expect(await commitBatch(database.db, batch, ALERTS)).toMatchObject({ stored: 2000, alreadyStored: 0 });
    expect(await counts()).toEqual({ events: 2000, distinctEvents: 2000, anomalies: 1, alerts: 1, deadLetters: 1 });
  });

  it('gives up a server that does not answer in time, and can be tried again', async () => {
    const blocker = await database.client();
    await blocker.query('BEGIN');
    await blocker.query('LOCK TABLE flowline.event_scores IN ACCESS EXCLUSIVE MODE');
    await database.query('SELECT 1');
    const attempt = commitBatch(database.db, scoredBatch(), { ...ALERTS, timeoutMs: 300 });
    await expect(attempt).rejects.toMatchObject({ retryable: true });
    await blocker.query('ROLLBACK');
    expect(await commitBatch(database.db, scoredBatch(), ALERTS)).toMatchObject({ stored: 3 });
  });

  it('says that a read-only server may take the batch later', async () => {
    const [name] = await database.query('SELECT current_database() AS name');
    await database.query(`ALTER DATABASE ${String(name?.name)} SET default_transaction_read_only = on`);
    const readOnly = await connect(database.url, { applicationName: 'read-only' });
    await expect(commitBatch(readOnly, scoredBatch(), ALERTS)).rejects.toMatchObject({
      code: 'FLOWLINE_DATABASE_FAILED',
      retryable: true,
    });
    await readOnly.close();
  });
});

describe('records that Postgres refuses', () => {
  const letters = () =>
    database.query(
      `SELECT "offset"::int, reason, message, headers, convert_from(key, 'UTF8') AS key, encode(value, 'escape') AS value
       FROM flowline.dead_letters ORDER BY "offset"`,
    );
  const storedOffsets = async () =>
    (await database.query('SELECT "offset"::int AS o FROM flowline.scored_events ORDER BY 1')).map((row) => row.o);
  /**
   * Refuses rows as an administrator's constraint or a server limit would, with a given SQLSTATE.
   */
  const refuse = (condition: string, code: string) =>
    database.query(`
      CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF ${condition} THEN RAISE EXCEPTION 'index row size 2800 exceeds maximum' USING ERRCODE = '${code}'; END IF;
        RETURN NEW;
      END $$;
      CREATE TRIGGER refuse BEFORE INSERT ON flowline.event_scores FOR EACH ROW EXECUTE FUNCTION refuse()`);

  it.each(['22021', '22P05', '54000', '23514'])(
    'become dead letters, wherever they stand, and all others are stored once (%s)',
    async (code) => {
      await refuse(`NEW."offset" IN (10, 17, 18, 29)`, code);
      const batch = scoredBatch({ first: 10, size: 20, anomalies: [0, 1, 8, 19], deadLetters: [31] });
      expect(await commitBatch(database.db, batch, ALERTS)).toEqual({
        ...{ stored: 16, alreadyStored: 0, anomalies: 1, deadLetters: 5, refused: 4 },
      });
      const gone = [10, 17, 18, 29];
      expect(await storedOffsets()).toEqual(Array.from(batch.offsets).filter((offset) => !gone.includes(offset)));
      const kept = await letters();
      expect(kept.map((row) => [row.offset, row.reason])).toEqual([
        ...gone.map((offset) => [offset, 'refused']),
        [31, 'not_json'],
      ]);
      expect(kept[1]).toMatchObject({
        message: `Postgres refused the event (SQLSTATE ${code}): index row size 2800 exceeds maximum`,
        ...{ key: 'key 17', value: '{"offset":17}', headers: { trace: 't-17' } },
      });
      expect(await counts()).toMatchObject({ anomalies: 1, alerts: 1 });
      expect(await readOffset(database.db, 'checkout', 'orders', 0)).toBe(32);
      const [counted] = await database.query('SELECT events::int, anomalies::int FROM flowline.event_counts');
      expect(counted).toEqual({ events: 16, anomalies: 1 });
      // Redelivered, the batch is dropped as a whole.
      expect(await commitBatch(database.db, batch, ALERTS)).toMatchObject({ stored: 0, deadLetters: 0, refused: 0 });
    },
  );

  it('become dead letters before there is a model, too; the windows come with the last of a batch', async () => {
    await refuse(`NEW."offset" = 1`, '54000');
    const windows = windowsAt(3);
    const entities = { key: ['id'], names: ['a', 'b', 'c'], seen: ['a', 'b', 'c'], windows };
    const report = await commitCollected(database.db, scoredBatch({ size: 3, entities }));
    expect(report).toEqual({ stored: 2, alreadyStored: 0, anomalies: 0, deadLetters: 1, refused: 1 });
    const rows = await database.query('SELECT entity FROM flowline.scored_events ORDER BY "offset"');
    expect(rows.map(({ entity }) => entity)).toEqual(['a', 'c']);
    expect(await readWindows(database.db, 'checkout', 'orders', 0)).toEqual(storedFrom(windows));
  });

  it('are found whatever the order of the batch, by any cuts', async () => {
    await refuse(`NEW.event_id = 'refused'`, '54000');
    let stream = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.boolean(), { minLength: 1, maxLength: 12 }),
        fc.nat(12),
        async (isRefused, letter) => {
          const topic = `cut-${stream++}`;
          const size = isRefused.length;
          const eventIds = isRefused.map((one) => (one ? 'refused' : 'event'));
          const offsets = isRefused.map((_, i) => (i < letter ? i : i + 1));
          const batch = scoredBatch({ topic, offsets, nextOffset: 40, eventIds, deadLetters: [letter] });
          const refused = isRefused.filter(Boolean).length;
          expect(await commitBatch(database.db, batch, ALERTS)).toMatchObject({
            ...{ stored: size - refused, deadLetters: refused + 1, refused },
          });
          expect(await readOffset(database.db, 'checkout', topic, 0)).toBe(40);
        },
      ),
      { numRuns: 20 },
    );
  });

  it('stop a batch where not even a dead letter is taken, with nothing of that record stored', async () => {
    await refuse(`NEW."offset" = 1`, '54000');
    await database.query(`ALTER TABLE flowline.dead_letters ADD CONSTRAINT none CHECK (reason <> 'refused')`);
    await expect(commitBatch(database.db, scoredBatch({ size: 4 }), ALERTS)).rejects.toMatchObject({
      code: 'FLOWLINE_DATABASE_FAILED',
      retryable: false,
    });
    expect(await storedOffsets()).toEqual([0]);
    expect(await readOffset(database.db, 'checkout', 'orders', 0)).toBe(1);
  });

  it('are no reason to set anything aside where the server is at fault', async () => {
    await refuse('true', '53100');
    await expect(commitBatch(database.db, scoredBatch({ size: 4 }), ALERTS)).rejects.toMatchObject({ retryable: true });
    expect(await counts()).toMatchObject({ events: 0, deadLetters: 0 });
  });

  it('are those with a text that the encoding of the database has no room for', async () => {
    database = await postgres.createDatabase({ encoding: 'LATIN1' });
    expect(await encodingFault(database.db)).toMatchObject({ encoding: 'LATIN1' });
    const plain = scoredBatch({ size: 5, anomalies: [1], deadLetters: [5] });
    const odd = {
      ...{ key: null, value: Buffer.from('{'), timestampMs: 0 },
      ...{ headers: { 'ü 🛫': '🛫', plain: 'ü' }, field: '🛫', message: 'the field 🛫' },
    };
    const batch = {
      ...plain,
      levels: ['ü', 'é', '🛫', null, 'ß'],
      deadLetters: [{ ...odd, offset: 5, reason: 'not_json' as const }],
    };
    const recordAt = (offset: number) => ({ ...plain.recordAt(offset), headers: { trace: '🛫' } });
    expect(await commitBatch(database.db, { ...batch, recordAt }, ALERTS)).toEqual({
      ...{ stored: 4, alreadyStored: 0, anomalies: 1, deadLetters: 2, refused: 1 },
    });
    // Only the alert's text falls back to ASCII; the event is an anomaly all the same.
    const [anomaly] = (await listAnomalies(database.db)).items;
    expect(anomaly).toMatchObject({ offset: 1, summary: expect.stringMatching(/expected 95-420 given/) });
    const kept = await listDeadLetters(database.db);
    const bytes = { base64: Buffer.from('🛫').toString('base64') };
    expect(kept).toMatchObject([
      {
        offset: 5,
        reason: 'not_json',
        message: 'the field \\ud83d\\udeeb',
        headers: { '\\u00fc \\ud83d\\udeeb': bytes },
      },
      { offset: 2, reason: 'refused', headers: { trace: bytes } },
    ]);
  });

  it('are none in a database in UTF-8', async () => {
    expect(await encodingFault(database.db)).toBeNull();
  });
});

describe('offsets and gaps', () => {
  it('stores a gap once', async () => {
    const gap = { detector: 'checkout', topic: 'orders', topicId: null, partition: 0, fromOffset: 5, toOffset: 90 };
    expect(await recordGap(database.db, gap)).toBe(true);
    expect(await recordGap(database.db, gap)).toBe(false);
    expect(await database.query('SELECT from_offset::int, to_offset::int FROM flowline.stream_gaps')).toEqual([
      { from_offset: 5, to_offset: 90 },
    ]);
    // The same offsets of a recreated topic are other records.
    expect(await recordGap(database.db, { ...gap, topicId: 'another' })).toBe(true);
  });
});
