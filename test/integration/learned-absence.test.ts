import { hourOfWeek } from '@flowline/alerts';
import { type DetectorDefinition, parseDetector } from '@flowline/config';
import {
  applyDetector,
  Arrivals,
  championIntervals,
  commitBatch,
  commitCollected,
  getDetector,
  promote,
  storeModelVersion,
  watchAbsences,
  type WatchedStream,
} from '@flowline/db';
import { absencePolicyOf, alertRulesOf, changesForNextModel, detectorStatus } from '@flowline/operations';
import { silentLogger } from '@flowline/telemetry';
import { createProgress, trainOnce } from '@flowline/trainer';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { AbsenceInForce } from '../../services/scorer/src/kafka/absence-in-force.ts';
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

const HOUR_MS = 3_600_000;

interface Written {
  readonly absence?: string;
  readonly history?: string;
}
const definitionOf = ({ absence = 'expectEvery: auto', history = "query: 'select * from readings'" }: Written = {}) =>
  parseDetector(
    `
apiVersion: flowline/v1
kind: Detector
metadata: { name: readings }
spec:
  source: { time: { field: ts, unit: iso }, key: [host], kafka: { topic: readings } }
  history: { ${history}, maxRows: 1000 }
  features:
    - { name: level, type: real }
  model: { seed: 3, budget: { steps: 10 } }
  training: { data: clean, timezone: Europe/Berlin, promote: always }
  decision: { control: { alpha: 0.01 } }
  alerts: { absence: { ${absence} } }
`,
    'readings.yaml',
  );

/** Readings of two hosts in turn, every ten seconds from 9 to 17 in Berlin, winter and summer. */
const createReadings = (days: number) =>
  database.query(
    `CREATE TABLE readings AS
     SELECT day + second * interval '1 second' AS ts, 'host-' || (second / 10) % 2 AS host, sin(second) + random() AS level
     FROM generate_series(timestamptz '2026-03-23 09:00 Europe/Berlin', timestamptz '2026-03-23 09:00 Europe/Berlin'
       + make_interval(days => ${String(days - 1)}), interval '1 day') AS utc,
       LATERAL (SELECT (date_trunc('day', utc AT TIME ZONE 'Europe/Berlin') + interval '9 hours') AT TIME ZONE 'Europe/Berlin' AS day) AS d,
       generate_series(0, 8 * 3600 - 10, 10) AS second`,
  );

async function train(definition: DetectorDefinition) {
  await applyDetector(database.db, definition);
  const parts = { db: database.db, logger: silentLogger, progress: createProgress({ write: () => undefined }) };
  const request = { detector: definition.name, scheduledFor: null, promotion: null };
  const outcome = await trainOnce({ ...parts, backend: 'wasm', signal: new AbortController().signal }, request);
  expect(outcome?.promoted).toBe(true);
  return (await championIntervals(database.db, definition.name))?.learned ?? null;
}

const findingsOf = async (): Promise<string[]> =>
  (await detectorStatus(database.db, await getDetector(database.db, 'readings'))).findings
    .filter(({ code }) => code === 'FLOWLINE_MODEL_OUTDATED')
    .map(({ reason }) => reason);

describe('a training that learns how often events are expected', () => {
  it.each([
    ['detector', 10_000],
    ['entity', 20_000],
  ] as const)('stores it by hour of the week, per %s, from all events', async (per, usualMs) => {
    await createReadings(14);
    const learned = await train(definitionOf({ absence: `expectEvery: auto, per: ${per}` }));
    expect(learned).toMatchObject({ per, timezone: 'Europe/Berlin' });
    const { hoursMs } = learned as { hoursMs: readonly number[] };
    expect(hoursMs).toHaveLength(168);
    for (const [hour, ms] of hoursMs.entries()) {
      // Within the day one interval; the hours at its ends touch the night. Rounded up by 2 %.
      const isDay = hour % 24 > 9 && hour % 24 < 16;
      const expectedMs = isDay ? usualMs : 16 * HOUR_MS + usualMs;
      expect(ms).toBeGreaterThanOrEqual(expectedMs * 0.999);
      expect(ms).toBeLessThan(expectedMs * 1.021);
    }
    expect(await findingsOf()).toEqual([]);
  });

  it('learns nothing from less than a week, and says so', async () => {
    await createReadings(6);
    const learned = await train(definitionOf());
    expect(learned).toEqual({
      ...{ per: 'detector', reason: 'the history covers 5.33 d, and a week has to be seen' },
    });
    const champion = await championIntervals(database.db, 'readings');
    expect(absencePolicyOf(definitionOf().alerts, champion)).toBeNull();
    expect(await findingsOf()).toEqual([
      'no absence is watched (`expectEvery: auto`): the history covers 5.33 d, and a week has to be seen',
    ]);
  });

  it('learns nothing from few gaps', async () => {
    await createReadings(14);
    await database.query(
      'CREATE TABLE few AS SELECT DISTINCT ON (ts::date, host, extract(hour FROM ts)) * FROM readings',
    );
    const query =
      "query: 'select ts, level, host || row_number() over (order by ts) / 2 as host from few union all select ts, level, ts::text from readings'";
    expect(await train(definitionOf({ absence: 'expectEvery: auto, per: entity', history: query }))).toMatchObject({
      reason: expect.stringMatching(
        /^the history has \d+ gaps between events of the same entity, and 1,000 are needed$/,
      ),
    });
  });

  it('learns from the stored events of the topic, whichever are excluded', async () => {
    const definition = definitionOf({ absence: 'expectEvery: auto, per: entity', history: 'from: scored_events' });
    await applyDetector(database.db, definition);
    const size = 2_400;
    const startMs = Date.UTC(2026, 2, 2);
    const names = Array.from({ length: size }, (_, i) => `host-${String(i % 2)}`);
    const batch = scoredBatch({ size, entities: { key: ['host'], names, seen: [], windows: null } });
    const eventTimesMs = Float64Array.from({ length: size }, (_, i) => startMs + i * 10 * 60_000);
    const numeric = Float64Array.from({ length: size }, (_, i) => Math.sin(i) + ((i * 7) % 11));
    const columns = { numeric, numericWidth: 1, levels: [], levelWidth: 0 };
    await commitCollected(database.db, { ...batch, ...columns, detector: 'readings', topic: 'readings', eventTimesMs });
    const learned = (await train(definition)) as { hoursMs: readonly number[] };
    expect(Math.min(...learned.hoursMs) / (20 * 60_000)).toBeCloseTo(1.01, 1);
    expect(Math.max(...learned.hoursMs) / (20 * 60_000)).toBeCloseTo(1.01, 1);
  });

  it('is what a definition waits for that asks for it anew, or for the other unit', async () => {
    await createReadings(14);
    expect(await train(definitionOf({ absence: 'expectEvery: 1m' }))).toBeNull();
    expect(await changesForNextModel(database.db, definitionOf())).toEqual(['spec.alerts.absence']);
    await train(definitionOf());
    expect(await changesForNextModel(database.db, definitionOf())).toEqual([]);
    await applyDetector(database.db, definitionOf({ absence: 'expectEvery: auto, per: entity' }));
    expect(await findingsOf()).toEqual([
      'spec.alerts.absence of version 3 take effect with the next model',
      'no absence is watched (`expectEvery: auto`): model version 2 has learned no intervals per entity',
    ]);
  });
});

describe('a watch by learned intervals', () => {
  /** Promotes a model that expects an event every minute, but for some hours, counted from now. */
  async function champion(others: Readonly<Record<number, number>> = {}): Promise<void> {
    const now = hourOfWeek(Date.now(), 'UTC');
    const hoursMs = Array.from({ length: 168 }, () => 60_000);
    for (const [hour, ms] of Object.entries(others)) hoursMs[(now + Number(hour) + 168) % 168] = ms;
    const manifest = { absence: { per: 'detector', timezone: 'UTC', hoursMs } };
    const model = { detector: 'readings', detectorVersion: 1, bytes: Buffer.from([1]), alpha: 0.01, manifest };
    const { version } = await storeModelVersion(database.db, model);
    expect(await promote(database.db, 'readings', version, version === 1 ? null : version - 1)).toBe(true);
  }
  const silentFor = (ms: number) =>
    database.query(`UPDATE flowline.arrivals SET last_seen = now() - make_interval(secs => ${String(ms / 1_000)})`);

  it('judges a silence by the largest interval of the hours that it spans', async () => {
    const definition = definitionOf();
    await applyDetector(database.db, definition);
    await champion({ [-2]: 12 * HOUR_MS });
    const found = await championIntervals(database.db, 'readings');
    const policy = absencePolicyOf(definition.alerts, found);
    expect(policy).toMatchObject({ expectEveryMs: 60_000, per: 'detector' });
    if (policy === null) return;
    const stream: WatchedStream = {
      ...{ detector: 'readings', topic: 'readings', policy, rules: alertRulesOf(definition.alerts), addresses: [] },
      silentSince: (untilMs, forMs) => untilMs - forMs,
    };
    const look = () => watchAbsences(database.db, stream, [{ partition: 0, untilMs: Date.now() }]);
    const arrivals = new Arrivals({ per: 'detector', stepMs: () => 0 });
    const batch = { ...scoredBatch({ size: 1 }), detector: 'readings', topic: 'readings' };
    await commitBatch(database.db, batch, { alertTopic: null, arrivals });
    for (const [ms, absent] of [
      [30_000, 0],
      // It began in the hour with the long interval, or before it.
      [2.5 * HOUR_MS, 0],
      [17 * HOUR_MS, 0],
      [5 * 60_000, 1],
    ] as const) {
      await silentFor(ms);
      expect([ms, await look()]).toEqual([ms, { absent, back: 0 }]);
    }
    await database.query('DELETE FROM flowline.alerts');
    await database.query('UPDATE flowline.arrivals SET silence_from = NULL');
    await silentFor(19 * HOUR_MS);
    expect(await look()).toEqual({ absent: 1, back: 0 });
    expect(await database.query('SELECT absence FROM flowline.v1_alerts')).toMatchObject([
      { absence: { expectEveryMs: 12 * HOUR_MS, alertAfterMs: 18 * HOUR_MS } },
    ]);
  });

  it('follows the champion, and watches nothing until there is one', async () => {
    const definition = definitionOf();
    await applyDetector(database.db, definition);
    let nowMs = 0;
    const said: string[] = [];
    const say = (_fields: unknown, text: unknown): void => void said.push(String(text));
    const logger = { info: say, warn: say };
    const absence = new AbsenceInForce({ db: database.db, logger, now: () => nowMs }, definition);
    expect([absence.policy, absence.stepMs()]).toEqual([undefined, null]);
    await absence.refresh();
    expect([absence.policy, absence.stepMs()]).toEqual([null, null]);
    await champion();
    await absence.refresh();
    expect(absence.policy).toBeNull();
    nowMs = 10_000;
    await absence.refresh();
    expect(absence.policy?.week?.hoursMs).toHaveLength(168);
    expect(absence.stepMs()).toBe(15_000);
    // A shorter interval: what was noted by the longer one may be as old as its step.
    await champion({ 5: 2_000 });
    nowMs = 20_000;
    await absence.refresh();
    expect(absence.stepMs()).toBe(500);
    expect(absence.policy?.expectEveryMs).toBe(60_000);
    nowMs = 35_000;
    expect(absence.policy?.expectEveryMs).toBe(2_000);
    expect(said).toEqual([
      'no absence is watched: its intervals are still to be learned',
      'absence is watched by learned intervals',
      'absence is watched by learned intervals',
    ]);
  });
});
