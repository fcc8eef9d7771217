import { type CalendarSpec, type DetectorDefinition, parseDetector } from '@flowline/config';
import { applyDetector, applyResource, commitBatch } from '@flowline/db';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { readTrainingHistory } from '../../services/trainer/src/training-history.ts';
import { scoredBatch } from '../support/postgres-batch.ts';
import { startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';

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
const HOURS = 60;
const signal = new AbortController().signal;

const definitionOf = (history: string, features: string): DetectorDefinition =>
  parseDetector(
    `
apiVersion: flowline/v1
kind: Detector
metadata: { name: checkout }
spec:
  source: { kafka: { topic: orders }, time: { field: ts, unit: ms }, key: [shop] }
  history: ${history}
  features: ${features}
  training: { data: clean }
  decision: { control: { alpha: 0.001 } }
`,
    'checkout.yaml',
  );

const STORED = definitionOf(
  '{ from: scored_events }',
  '[{ name: a, type: real }, { name: b, type: real }, { name: c, type: categorical }]',
);
const queried = (features: string) => definitionOf('{ query: "SELECT * FROM past", timeColumn: ts }', features);
const PLAIN = queried('[{ name: latency, type: real }]');
const WINDOWED = queried(
  '[{ name: latency, type: real }, { name: before, type: real, from: { lag: { of: latency } } }]',
);

/** An event per hour, stored and in a table. */
async function createEvents(from: string): Promise<void> {
  const fromMs = Date.parse(from);
  await applyDetector(database.db, STORED);
  const batch = scoredBatch({ size: HOURS });
  const eventTimesMs = Float64Array.from({ length: HOURS }, (_, i) => fromMs + i * HOUR_MS);
  await commitBatch(database.db, { ...batch, eventTimesMs }, { alertTopic: null });
  await database.query(
    `CREATE TABLE past AS SELECT '${from}'::timestamptz + i * interval '1 h' AS ts, i::float8 AS latency, 'berlin' AS shop
     FROM generate_series(0, ${String(HOURS - 1)}) AS i`,
  );
}

const applyCalendar = (name: string, spec: CalendarSpec) =>
  applyResource(database.db, { kind: 'Calendar', name, spec, appliedBy: 'test' });

/** Hours, after the first event, of the events that a model would not learn from. */
async function leftOut(definition: DetectorDefinition, from: string): Promise<number[]> {
  const { timesMs, excluded, warnings } = await readTrainingHistory(database.db, definition, signal);
  expect(warnings).toEqual([]);
  const read = new Set([...timesMs].map((timeMs) => (timeMs - Date.parse(from)) / HOUR_MS));
  const hours = Array.from({ length: HOURS }, (_, hour) => hour).filter((hour) => !read.has(hour));
  // The first event has no past.
  const missing = definition === WINDOWED ? hours.filter((hour) => hour > 0) : hours;
  expect(missing).toHaveLength(excluded);
  return missing;
}

const hours = (first: number, end: number): number[] => Array.from({ length: end - first }, (_, i) => first + i);

describe('a calendar with training: false', () => {
  it.each([
    ['the day of 25 hours', '2025-10-25T12:00:00Z', '2025-10-26', hours(10, 35)],
    ['the day of 23 hours', '2025-03-29T12:00:00Z', '2025-03-30', hours(11, 34)],
  ])('keeps all events of a local day out of any history: %s', async (_, from, start, expected) => {
    await createEvents(from);
    for (const definition of [STORED, PLAIN, WINDOWED]) expect(await leftOut(definition, from)).toEqual([]);
    await applyCalendar('dst', { timezone: 'Europe/Paris', events: [{ start, duration: '1d' }], training: false });
    for (const definition of [STORED, PLAIN, WINDOWED]) expect(await leftOut(definition, from)).toEqual(expected);
  });

  it('leaves the past of later events as it was', async () => {
    const from = '2025-10-25T12:00:00Z';
    await createEvents(from);
    await applyCalendar('one', { timezone: 'UTC', events: [{ start: '2025-10-26', duration: '2h' }], training: false });
    const { table, timesMs } = await readTrainingHistory(database.db, WINDOWED, signal);
    const { numeric } = table.rows(0, table.size);
    const row = timesMs.indexOf(Date.parse('2025-10-26T02:00:00Z'));
    expect([...numeric.subarray(2 * row, 2 * row + 2)]).toEqual([14, 13]);
  });

  it('is of its detectors, and of all events only without entities and features', async () => {
    const from = '2025-10-25T12:00:00Z';
    await createEvents(from);
    const spec = { timezone: 'UTC', events: [{ start: '2025-10-26', duration: '2h' }], training: false };
    await applyCalendar('others', { ...spec, detectors: ['other'] });
    await applyCalendar('entities', { ...spec, entities: ['berlin'] });
    await applyCalendar('features', { ...spec, features: ['latency'] });
    await applyCalendar('alerts', { ...spec, training: true, alerts: false });
    for (const definition of [STORED, PLAIN]) expect(await leftOut(definition, from)).toEqual([]);
    await applyCalendar('mine', { ...spec, detectors: ['checkout'] });
    for (const definition of [STORED, PLAIN]) expect(await leftOut(definition, from)).toEqual([12, 13]);
  });

  it('is passed over with a warning if it cannot be used', async () => {
    await createEvents('2025-10-25T12:00:00Z');
    const events = [{ start: '2025-10-26', duration: '1h', rrule: 'FREQ=SECONDLY' }];
    await applyCalendar('often', { timezone: 'UTC', events, training: false });
    const { excluded, warnings } = await readTrainingHistory(database.db, PLAIN, signal);
    expect({ excluded, warnings }).toEqual({
      excluded: 0,
      warnings: ['calendar often (version 1) is passed over: it repeats more often than every hour'],
    });
  });
});
