import { commitBatch } from '@flowline/db';
import { openBrowserBundle } from '@flowline/detector/browser';
import { alertRulesOf } from '@flowline/operations';
import { createRecordReader } from '@flowline/features';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { startTestApi, type TestApi } from '../support/api.ts';
import { startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
import { scoredBatch } from '../support/postgres-batch.ts';
import { applyTestDetector, oddEvent, testDefinition, testEvents } from '../support/scorer-model.ts';

const TIMEOUT_MS = 120_000;
const definition = testDefinition('checkout', 'orders');
const PATH = '/v1/detectors/checkout/models/1';

let postgres: TestPostgres;
let database: TestDatabase;
let api: TestApi;
let token: string;
let sha256: string;

beforeAll(async () => {
  postgres = await startPostgres();
  database = await postgres.createDatabase();
  ({ sha256 } = await applyTestDetector(database.db, definition));
  api = await startTestApi(database.db);
  token = await api.token({ name: 'reader', scope: 'read' });
}, TIMEOUT_MS);
afterAll(async () => {
  await api.close();
  await postgres.stop();
});

const get = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(api.url + path, { headers: { authorization: `Bearer ${token}`, ...headers } });

describe('a model for browsers', () => {
  it(
    'scores as the API does',
    async () => {
      const response = await get(`${PATH}/browser`);
      expect(response.status).toBe(200);
      expect(response.headers.get('content-type')).toBe('application/octet-stream');
      const model = await openBrowserBundle(new Uint8Array(await response.arrayBuffer()));
      const events = [...testEvents(50, 4), oddEvent('odd'), { ...oddEvent('none'), amount: null, method: 'voucher' }];
      const values = events.map(({ latency, amount, method }) => ({ latency, amount, method }));
      const { logDensityNats, pValues } = await model.score(values);
      const { body } = await api.call('POST /v1/detectors/checkout/score', { token, body: { events } });
      const there = body.results as readonly { readonly logDensityNats: number; readonly pValue: number }[];
      for (const [i, { logDensityNats: nats, pValue }] of there.entries()) {
        expect(Math.abs(logDensityNats[i]! - nats)).toBeLessThan(2e-4 + 4e-6 * Math.abs(nats));
        expect(pValues[i]! / pValue).toBeCloseTo(1, 2);
      }
    },
    TIMEOUT_MS,
  );

  it('is kept for good by its SHA-256, and asked for again by its ETag', async () => {
    const named = await get(`${PATH}/browser?sha256=${sha256}`);
    expect(named.headers.get('cache-control')).toBe('private, max-age=31536000, immutable');
    const plain = await get(`${PATH}/browser`, { 'accept-encoding': 'identity' });
    expect(plain.headers.get('cache-control')).toBe('private, no-cache');
    const etag = plain.headers.get('etag') ?? '';
    expect(etag).toBe(`"${sha256}-1"`);
    expect(Buffer.from(await plain.arrayBuffer())).toEqual(Buffer.from(await named.arrayBuffer()));
    const again = await get(`${PATH}/browser`, { 'accept-encoding': 'identity', 'if-none-match': etag });
    expect([again.status, again.headers.get('etag'), await again.text()]).toEqual([304, etag, '']);
    expect((await get(`${PATH}/browser`, { 'if-none-match': '"another"' })).status).toBe(200);
  });

  it('is compressed, and asked for again by the ETag of what was sent', async () => {
    const zipped = await get(`${PATH}/browser`, { 'accept-encoding': 'gzip' });
    const etag = zipped.headers.get('etag') ?? '';
    expect([zipped.headers.get('content-encoding'), etag]).toEqual(['gzip', `"${sha256}-1-gzip"`]);
    const asked = async (encoding: string, noneMatch: string): Promise<unknown[]> => {
      const { status, headers } = await get(`${PATH}/browser`, {
        ...{ 'accept-encoding': encoding, 'if-none-match': noneMatch },
      });
      return [status, headers.get('vary'), headers.get('etag')];
    };
    expect(await asked('gzip', `"old", W/${etag}`)).toEqual([304, 'accept-encoding', etag]);
    // A cache may have it compressed, and ask for a client that takes it plain.
    expect(await asked('identity', etag)).toEqual([200, 'accept-encoding', `"${sha256}-1"`]);
  });

  it('is refused by another SHA-256, for no such model, and without a token', async () => {
    const other = await get(`${PATH}/browser?sha256=${'0'.repeat(64)}`);
    expect([other.status, await other.json()]).toMatchObject([409, { code: 'FLOWLINE_CONFLICT' }]);
    expect((await get(`${PATH}/browser?sha256=short`)).status).toBe(400);
    expect((await get('/v1/detectors/checkout/models/9/browser')).status).toBe(404);
    expect((await fetch(`${api.url}${PATH}/browser`)).status).toBe(401);
  });
});

describe('a model beside its events', () => {
  const fit = async (): Promise<Record<string, unknown>> => (await api.call(`GET ${PATH}/fit`, { token })).body;

  it('has no features before it has scored', async () => {
    expect(await fit()).toEqual({
      ...{ detector: 'checkout', modelVersion: 1, events: 0, drawn: 0, compared: 0, features: [], calibration: [] },
    });
  });

  it(
    'has shares, PITs and the calibration of the events that it has scored',
    async () => {
      const { table } = createRecordReader(definition.features, {}).read(testEvents(300, 6));
      const { numeric, levels } = table;
      const batch = { ...scoredBatch({ detector: 'checkout', topic: 'orders', size: 300 }), numeric, levels };
      const alertRules = alertRulesOf(definition.alerts);
      await commitBatch(database.db, batch, { alertTopic: 'alerts', alertRules, oncePerEvent: false });
      const found = await fit();
      expect(found).toMatchObject({ events: 300, drawn: 1_000, compared: 256 });
      const features = found.features as readonly {
        readonly feature: string;
        readonly events: readonly number[];
        readonly pits: readonly number[] | null;
      }[];
      expect(features.map(({ feature }) => feature).sort()).toEqual(['amount', 'latency', 'method']);
      for (const { feature, events, pits } of features) {
        expect(events.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 6);
        expect(pits).toHaveLength(10);
        // Of the amount, a tenth is missing, and has no PIT.
        const counted = pits!.reduce((sum, count) => sum + count, 0);
        expect(counted).toBeLessThanOrEqual(256);
        if (feature === 'amount') expect(counted).toBeLessThan(250);
        else expect(counted).toBeGreaterThan(250);
      }
      expect((found.calibration as readonly unknown[])[0]).toEqual({ expected: 1, measured: 1 });
      expect((await api.call('GET /v1/detectors/checkout/models/9/fit', { token })).status).toBe(404);
    },
    TIMEOUT_MS,
  );
});
