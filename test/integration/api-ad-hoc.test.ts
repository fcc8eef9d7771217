import { problemStatuses, routes } from '@flowline/api';
import { loadChampion } from '@flowline/db';
import { Detector, loadBundle } from '@flowline/detector';
import { createRecordReader } from '@flowline/features';
import { at } from '@flowline/events';
import { scoreRecords } from '@flowline/operations/scoring';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { startTestApi, type TestApi } from '../support/api.ts';
import { startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
import { applyTestDetector, oddEvent, testDefinition, type TestEvent, testEvents } from '../support/scorer-model.ts';

const TIMEOUT_MS = 120_000;
const definition = testDefinition('checkout', 'orders');

let postgres: TestPostgres;
let database: TestDatabase;
let api: TestApi;
let token: string;

beforeAll(async () => {
  postgres = await startPostgres();
  database = await postgres.createDatabase();
  await applyTestDetector(database.db, definition);
  await applyTestDetector(database.db, definition, 2);
  api = await startTestApi(database.db);
  token = await api.token({ name: 'reader', scope: 'read' });
}, TIMEOUT_MS);
afterAll(async () => {
  await api.close();
  await postgres.stop();
});

interface Score {
  readonly logDensityNats: number | null;
  readonly pValue: number;
  readonly surpriseBits: number;
  readonly anomaly: boolean;
}
interface Contribution {
  readonly feature: string;
  readonly bits: number;
}
interface Result extends Score {
  readonly row: number;
  readonly observed: Readonly<Record<string, unknown>>;
  readonly difference: object;
  readonly contributions: readonly Contribution[];
  readonly explanation: {
    readonly expected: Readonly<Record<string, object>>;
    readonly contributions: readonly Contribution[];
  };
}
/** Parts of the responses. */
interface Answer {
  readonly modelVersion: number;
  readonly samples: readonly (Score & { readonly values: TestEvent })[];
  readonly levels: readonly { readonly probability: number }[];
  readonly grid: readonly object[];
  readonly gridMass: number;
  readonly bits: number;
  readonly below: number;
  readonly base: Score;
  readonly results: readonly Result[];
}

/** Asks a route about the detector, and checks that its response is as documented. */
async function ask(verb: string, body: unknown, withToken = token) {
  const { status, body: answer } = await api.call(`POST /v1/detectors/checkout/${verb}`, { token: withToken, body });
  const route = routes.find(({ path }) => path.endsWith(`/{detector}/${verb}`));
  if (route === undefined) throw new Error(`no route ${verb}`);
  if (status === 200) at(Object.values(route.replies), 0).schema.parse(answer);
  else expect(problemStatuses(route)).toContain(status);
  return { status, body: answer as unknown as Answer };
}
const event = at(testEvents(1, 3), 0);
const scoreOf = async (record: object) => at((await ask('score', { events: [record] })).body.results, 0);
const observedOf = ({ latency, amount, method }: typeof event) => ({ latency, amount, method });

describe('POST sample', () => {
  it('draws usual events, the same for the same seed, and scores them as the score route does', async () => {
    const { body } = await ask('sample', { count: 300, seed: 11 });
    expect(body).toMatchObject({ detector: 'checkout', modelVersion: 2, seed: 11, drawnContext: [] });
    expect(body.samples).toHaveLength(300);
    expect((await ask('sample', { count: 300, seed: 11 })).body).toEqual(body);
    expect((await ask('sample', { count: 300, seed: 12 })).body.samples).not.toEqual(body.samples);
    const { samples } = body;
    const { results } = (await ask('score', { events: samples.map(({ values }) => values) })).body;
    samples.forEach(({ logDensityNats, pValue }, i) => expect(results[i]).toMatchObject({ logDensityNats, pValue }));
    expect(samples.filter(({ pValue }) => pValue < 0.01).length).toBeLessThan(30);
    expect(samples.filter(({ values }) => values.method === 'card').length / 300).toBeCloseTo(0.7, 1);
    expect(samples.filter(({ values }) => values.amount === null).length / 300).toBeCloseTo(0.1, 1);
  });

  it('draws from a named version', async () => {
    const first = (await ask('sample', { count: 5, modelVersion: 1 })).body;
    expect(first.modelVersion).toBe(1);
    expect(first.samples).not.toEqual((await ask('sample', { count: 5 })).body.samples);
    expect((await ask('sample', { count: 5, modelVersion: 2 })).body).toEqual((await ask('sample', { count: 5 })).body);
  });

  it.each([
    ['no context of the model', { context: { method: 'card' } }, 422, 'FLOWLINE_FEATURES_INVALID'],
    ['a version that is not there', { modelVersion: 9 }, 404, 'FLOWLINE_MODEL_MISSING'],
    ['too many', { count: 1_001 }, 400, 'FLOWLINE_REQUEST_INVALID'],
    ['none', { count: 0 }, 400, 'FLOWLINE_REQUEST_INVALID'],
    ['a seed that is no number', { seed: 'x' }, 400, 'FLOWLINE_REQUEST_INVALID'],
  ])('refuses %s', async (_name, body, status, code) => {
    expect(await ask('sample', body)).toMatchObject({ status, body: { code, remedy: expect.any(String) } });
  });
});

describe('POST conditional', () => {
  it('has the quantiles and the bits of the explanation', async () => {
    const odd = { ...event, latency: 900 };
    const { results } = (await ask('explain', { events: [odd] })).body;
    const { expected, contributions } = at(results, 0).explanation;
    for (const given of [{ record: odd }, { values: at(results, 0).observed }]) {
      const { body } = await ask('conditional', { ...given, feature: 'latency', points: 51 });
      expect(body).toMatchObject({ kind: 'number', observed: 900, expected: expected.latency, direction: 'high' });
      expect(body.bits).toBe(contributions.find((each) => each.feature === 'latency')?.bits);
      expect(body.grid).toHaveLength(51);
      expect(body.gridMass).toBeCloseTo(1, 2);
      expect(body.below).toBeGreaterThan(0.999);
    }
    const { body } = await ask('conditional', { record: odd, feature: 'method' });
    expect(body).toMatchObject({ kind: 'level', observed: event.method, rest: 0 });
    const sum = body.levels.reduce((total, { probability }) => total + probability, 0);
    expect(sum).toBeCloseTo(1, 12);
  });

  it.each([
    ['a feature that there is not', { record: event, feature: 'colour' }, 422, 'feature'],
    ['neither event nor values', { feature: 'latency' }, 400, 'body'],
    ['both', { record: event, values: observedOf(event), feature: 'latency' }, 400, 'body'],
    [
      'an event that cannot be scored',
      { record: { ...event, latency: 'slow' }, feature: 'amount' },
      422,
      'record.latency',
    ],
    ['an event without a time', { record: { ...event, ts: 'noon' }, feature: 'amount' }, 422, 'record.ts'],
    ['values of unknown features', { values: { ...observedOf(event), x: 1 }, feature: 'amount' }, 422, 'values.x'],
    ['ends the wrong way round', { record: event, feature: 'latency', from: 2, to: 1 }, 400, 'body.to'],
    ['too many points', { record: event, feature: 'latency', points: 1_000 }, 400, 'body'],
  ])('refuses %s', async (_name, body, status, where) => {
    expect(await ask('conditional', body)).toMatchObject({ status, body: { where, remedy: expect.any(String) } });
  });
});

describe('POST what-if', () => {
  it('gives each change the score of the event so changed, bit for bit', async () => {
    const changes = [{ latency: 900 }, { amount: null, method: 'cash' }, { method: 'never seen' }, {}];
    for (const given of [{ record: event }, { values: observedOf(event) }]) {
      const { body } = await ask('what-if', { ...given, changes });
      expect(body).toMatchObject({ modelVersion: 2, alpha: 0.001, base: { observed: observedOf(event) } });
      const pick = ({ logDensityNats, pValue, surpriseBits, anomaly }: Score) => ({
        ...{ logDensityNats, pValue, surpriseBits, anomaly },
      });
      const base = pick(await scoreOf(event));
      expect(pick(body.base)).toEqual(base);
      for (const [i, change] of changes.entries()) {
        const alone = pick(await scoreOf({ ...event, ...change }));
        expect(pick(at(body.results, i))).toEqual(alone);
        expect(at(body.results, i).row).toBe(i + 1);
        expect(at(body.results, i).difference).toEqual({
          logDensityNats: (alone.logDensityNats ?? NaN) - (base.logDensityNats ?? NaN),
          surpriseBits: alone.surpriseBits - base.surpriseBits,
        });
      }
      expect(at(body.results, 0).anomaly).toBe(true);
    }
  });

  it('says of each change what is wrong with it, and explains if asked', async () => {
    const changes = [{ latency: 'x' }, { colour: 1 }, { latency: null }, { latency: 900 }, { latency: -1 }];
    const { body } = await ask('what-if', { record: event, changes, contributions: true });
    expect(body.results).toMatchObject([
      { row: 1, error: { reason: 'wrong_type' } },
      { row: 2, error: { reason: 'unknown_feature' } },
      { row: 3, error: { reason: 'missing_field' } },
      { row: 4, summary: expect.stringContaining('latency 900') },
      { row: 5, logDensityNats: null, difference: { logDensityNats: null }, anomaly: true },
    ]);
    const { results } = (await ask('explain', { events: [{ ...event, latency: 900 }] })).body;
    expect(at(body.results, 3).contributions).toEqual(at(results, 0).explanation.contributions);
  });

  it.each([
    ['an event that cannot be scored', { record: { ...event, latency: null }, changes: [{}] }, 422],
    ['no change', { record: event, changes: [] }, 400],
    ['too many changes', { record: event, changes: Array.from({ length: 101 }, () => ({})) }, 400],
    [
      'too many to explain',
      { record: event, changes: Array.from({ length: 21 }, () => ({})), contributions: true },
      400,
    ],
  ])('refuses %s', async (_name, body, status) => {
    expect(await ask('what-if', body)).toMatchObject({ status, body: { remedy: expect.any(String) } });
  });
});

it('the routes take numbers as they are written elsewhere', async () => {
  const given = JSON.stringify(observedOf(event));
  const grid = `{"values": ${given}, "feature": "latency", "points": 3.0, "from": 50.0, "to": 1.2e2}`;
  const { status, body } = await ask('conditional', grid);
  expect(status).toBe(200);
  expect(body).toEqual(
    (await ask('conditional', { values: observedOf(event), feature: 'latency', points: 3, from: 50, to: 120 })).body,
  );
  expect((await ask('sample', '{"count": 5.0, "seed": 1e1, "modelVersion": 2.0}')).body).toEqual(
    (await ask('sample', { count: 5, seed: 10 })).body,
  );
  expect((await ask('sample', '{"count": 5.5}')).status).toBe(400);
  expect((await ask('sample', '{"count": 1e400}')).status).toBe(400);
});

it('the routes compute nothing for who has gone', async () => {
  const body = JSON.stringify({ record: event, changes: Array.from({ length: 20 }, () => ({})), contributions: true });
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const url = `${api.url}/v1/detectors/checkout/what-if`;
  const counts = async (): Promise<Record<string, number>> => {
    const { body: metrics } = await api.call('GET /metrics', { token });
    const lines = String(metrics.text).matchAll(/_count\{.*\/what-if",status="(\d+)"\} (\d+)$/gm);
    return Object.fromEntries(Array.from(lines, ([, status = '', count]) => [status, Number(count)]));
  };
  const before = await counts();
  const gone = new AbortController();
  // They have the turn while the others arrive, and go.
  const first = [1, 2, 3, 4].map((seed) => ask('sample', { count: 1_000, seed }));
  const asked = Array.from({ length: 30 }, () => fetch(url, { method: 'POST', headers, body, signal: gone.signal }));
  await first[0];
  gone.abort();
  await Promise.allSettled(asked);
  for (const { status } of await Promise.all(first)) expect(status).toBe(200);
  expect((await ask('what-if', { record: event, changes: [{}] })).status).toBe(200);
  const after = await counts();
  expect((after['499'] ?? 0) - (before['499'] ?? 0)).toBeGreaterThan(15);
  expect((after['500'] ?? 0) - (before['500'] ?? 0)).toBe(0);
});

it('explanations end with the time of their request', async () => {
  const { bytes } = await loadChampion(database.db, 'checkout');
  const detector = await Detector.create(loadBundle(bytes), { alpha: 0.001, backend: 'wasm' });
  const ending = new AbortController();
  const names = { time: null, id: null };
  // eslint-disable-next-line @typescript-eslint/require-await -- a stream, as files are read
  async function* records() {
    for (const [i, value] of testEvents(2_000, 3).entries()) yield { row: i + 1, value };
  }
  setTimeout(() => ending.abort(new Error('its time is up')), 100);
  const rows = scoreRecords(records(), detector, { names, explain: 'every', signal: ending.signal });
  await expect(rows.next()).rejects.toThrow('its time is up');
  detector.dispose();
});

it('the routes quote a name that the sender made up in part', async () => {
  const name = `x\u001b[2J${'x'.repeat(100_000)}`;
  for (const [verb, body] of [
    ['sample', { context: { [name]: 1 } }],
    ['conditional', { values: { ...observedOf(event), [name]: 1 }, feature: 'latency' }],
    ['conditional', { values: { ...observedOf(event) }, feature: name.slice(0, 1_000) }],
    ['what-if', { values: { ...observedOf(event), [name]: 1 }, changes: [{}] }],
  ] as const) {
    const { status, body: problem } = await ask(verb, body);
    expect(status).toBe(422);
    expect(JSON.stringify(problem).length).toBeLessThan(2_500);
  }
});

describe('these routes', () => {
  it('need a token for the detector, and log nothing', async () => {
    const other = await api.token({ scope: 'read', detectors: ['search'] });
    const bodies = {
      sample: {},
      conditional: { record: event, feature: 'latency' },
      'what-if': { record: event, changes: [{}] },
    };
    for (const [verb, body] of Object.entries(bodies)) {
      const { status } = await api.call(`POST /v1/detectors/checkout/${verb}`, { token: other, body });
      expect(status).toBe(403);
      expect((await api.call(`POST /v1/detectors/checkout/${verb}`, { body })).status).toBe(401);
      const missing = await api.call(`POST /v1/detectors/nowhere/${verb}`, { token, body });
      expect([missing.status, missing.body.code]).toEqual([404, 'FLOWLINE_DETECTOR_MISSING']);
    }
    expect(await database.query('SELECT action FROM flowline.audit_log')).toEqual([]);
  });

  it('use the model as the library does', async () => {
    const { bytes } = await loadChampion(database.db, 'checkout');
    const detector = await Detector.create(loadBundle(bytes), { alpha: 0.001, backend: 'wasm' });
    const { table } = createRecordReader(definition.features, {}).read([oddEvent('odd')]);
    const options = { grid: { points: 11, from: null, to: null }, levels: 10 };
    const own = await detector.conditional(table, 'amount', options);
    detector.dispose();
    const { body } = await ask('conditional', { record: oddEvent('odd'), feature: 'amount', points: 11 });
    expect(body).toMatchObject(JSON.parse(JSON.stringify(own)) as object);
  });
});
