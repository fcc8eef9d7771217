import { applyDetector, commitBatch, readFeatureSample } from '@flowline/db';
import { parseDetector } from '@flowline/config';
import { alertRulesOf } from '@flowline/operations';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { startTestApi, type TestApi } from '../support/api.ts';
import { EVENT_EPOCH_MS, scoredBatch } from '../support/postgres-batch.ts';
import { startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
import { applyTestDetector, testDefinition, testDetectorYaml } from '../support/scorer-model.ts';

const TIMEOUT_MS = 120_000;
const [BATCHES, SIZE, MINUTE_S] = [20, 60, 60];

let postgres: TestPostgres;
let database: TestDatabase;
let api: TestApi;
let token: string;

const rules = {
  alertTopic: 'alerts',
  alertRules: alertRulesOf(testDefinition('checkout', 'orders').alerts),
  oncePerEvent: false,
};

beforeAll(async () => {
  postgres = await startPostgres();
  database = await postgres.createDatabase();
  await applyTestDetector(database.db, testDefinition('checkout', 'orders'));
  await applyDetector(database.db, testDefinition('untrained', 'orders'));
  for (const detector of ['checkout', 'untrained']) {
    for (let batch = 0; batch < BATCHES; batch++) {
      const first = batch * SIZE;
      await commitBatch(database.db, scoredBatch({ detector, first, fromOffset: first, size: SIZE }), rules);
    }
  }
  api = await startTestApi(database.db);
  token = await api.token({ scope: 'read' });
}, TIMEOUT_MS);
afterAll(async () => {
  await api.close();
  await postgres.stop();
});

interface Range {
  readonly p05: number;
  readonly median: number;
  readonly p95: number;
}
interface Answer {
  readonly anomalies: readonly Readonly<Record<string, unknown>>[];
  readonly events: number;
  readonly modelVersion: number | null;
  readonly seconds: number;
  readonly features: readonly {
    readonly feature: string;
    readonly expected: Range | null;
    readonly outside: number | null;
    readonly cells: readonly { readonly at: string; readonly events: number; readonly values: Range | null }[];
  }[];
}

async function timelines(detector: string, query = ''): Promise<Answer> {
  const { status, body } = await api.call(`GET /v1/detectors/${detector}/feature-timelines${query}`, { token });
  expect(status).toBe(200);
  return body as unknown as Answer;
}

const timeAt = (second: number): string => new Date(EVENT_EPOCH_MS + 1_000 * second).toISOString();

describe('the anomalies of features', () => {
  it('are those that are due to a number, with that number, the most surprising first', async () => {
    await applyDetector(database.db, testDefinition('odd', 'orders'));
    const batch = scoredBatch({ detector: 'odd', size: 6, anomalies: [0, 1, 2, 3] });
    const due = [{ latency: 9 }, { latency: 7 }, { method: 'gift' }, { latency: null }];
    const anomalies = batch.anomalies.map((each, i) => {
      const observed = due.at(i) ?? {};
      const contributions = Object.keys(observed).map((feature) => ({ feature, bits: 9, direction: 'high' as const }));
      const score = { ...each.alert.score, surpriseBits: 20 + i };
      return { ...each, alert: { ...each.alert, observed, contributions, score } };
    });
    await commitBatch(database.db, { ...batch, anomalies }, rules);
    const found = (await timelines('odd')).anomalies;
    expect(found).toEqual([
      { feature: 'latency', eventTime: timeAt(1), value: 7, surpriseBits: 21 },
      { feature: 'latency', eventTime: timeAt(0), value: 9, surpriseBits: 20 },
    ]);
    expect((await timelines('odd', `?from=${timeAt(1)}`)).anomalies).toEqual(found.slice(0, 1));
  });
});

describe('the timelines of features', () => {
  it('have the stored numbers of each interval', async () => {
    // An interval is a batch, of which the two halves give at most 24 events each.
    const range = `?from=${timeAt(0)}&to=${timeAt(BATCHES * MINUTE_S)}&points=${BATCHES}`;
    const { features, seconds } = await timelines('checkout', range);
    expect(seconds).toBe(MINUTE_S);
    // None is shorter than the stored intervals.
    expect((await timelines('checkout', `${range}0`)).seconds).toBe(MINUTE_S);
    const latency = features.find(({ feature }) => feature === 'latency');
    const amount = features.find(({ feature }) => feature === 'amount');
    expect(latency?.cells.map(({ at }) => at)).toEqual(Array.from({ length: BATCHES }, (_, i) => timeAt(i * MINUTE_S)));
    for (const cells of [latency?.cells, amount?.cells]) {
      expect(
        cells?.every(({ values }) => values !== null && values.p05 <= values.median && values.median <= values.p95),
      ).toBe(true);
    }
    // Stored are row + 0.5 and −row of each batch, the first rows of which are read.
    expect(latency?.cells.at(0)?.values?.median).toBeGreaterThan(5);
    expect(latency?.cells.at(0)?.values?.p95).toBeLessThan(SIZE);
    expect(amount?.cells.at(-1)?.values?.median).toBeLessThan(-5);
  });

  it('are read beside what the champion expects of scored numbers', async () => {
    const { features, modelVersion } = await timelines('checkout');
    expect(modelVersion).toBe(1);
    const amount = features.find(({ feature }) => feature === 'amount');
    // Trained on amounts around 10 whose deviation is the root of 10; those stored are 0 and less.
    expect(amount?.expected?.median).toBeCloseTo(10, -0.5);
    expect(amount?.outside).toBe(1);
    expect(features.at(0)?.feature).toBe('amount');
    expect((await timelines('checkout')).features).toEqual(features);
  });

  it('expect nothing without a model', async () => {
    const { features, modelVersion, events } = await timelines('untrained');
    expect([modelVersion, events > 0]).toEqual([null, true]);
    expect(features.map(({ expected, outside }) => [expected, outside])).toEqual([
      [null, null],
      [null, null],
    ]);
  });

  it('are those of the features in force, by name, also in events of earlier versions', async () => {
    const text = testDetectorYaml('untrained', 'orders').replace(
      '    - { name: latency',
      '    - { name: size, type: real }\n    - { name: latency',
    );
    await applyDetector(database.db, parseDetector(text, 'test'));
    const { features } = await timelines('untrained');
    const events = features.map(({ feature, cells }) => [feature, cells.length > 0]);
    expect(Object.fromEntries(events)).toEqual({ size: false, latency: true, amount: true });
  });

  it('are of no event where none is stored, of another detector, or in an empty range', async () => {
    expect((await timelines('checkout', `?from=${timeAt(1e6)}&to=${timeAt(2e6)}`)).events).toBe(0);
    const fails = async (path: string) => (await api.call(`GET /v1/detectors/${path}`, { token })).status;
    expect(await fails('none/feature-timelines')).toBe(404);
    expect(await fails(`checkout/feature-timelines?from=${timeAt(10)}&to=${timeAt(5)}`)).toBe(400);
    expect(await fails('checkout/feature-timelines?points=201')).toBe(400);
  });
});

describe('the sample of events', () => {
  it('has as many events as asked for, from every part of the range, in order', async () => {
    const [from, to] = [new Date(timeAt(0)), new Date(timeAt(BATCHES * MINUTE_S))];
    const rows = await readFeatureSample(database.db, { detector: 'checkout', from, to, parts: 10, perPart: 3 });
    expect(rows).toHaveLength(30);
    const times = rows.map(({ eventTime }) => eventTime.getTime());
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    const parts = times.map((time) => Math.floor((10 * (time - from.getTime())) / (to.getTime() - from.getTime())));
    expect(new Set(parts).size).toBe(10);
  });

  it('leaves out the end of the range, and other detectors', async () => {
    const asked = { from: new Date(timeAt(0)), to: new Date(timeAt(5)), parts: 1, perPart: 100 };
    expect(await readFeatureSample(database.db, { ...asked, detector: 'checkout' })).toHaveLength(5);
    expect(await readFeatureSample(database.db, { ...asked, detector: 'none' })).toEqual([]);
  });
});
