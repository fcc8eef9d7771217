import { request as send } from 'node:http';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';

import { parseDetector } from '@flowline/config';
import { applyDetector } from '@flowline/db';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { startTestApi, type TestApi } from '../support/api.ts';
import { startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
import { testDetectorYaml } from '../support/scorer-model.ts';

const DETECTOR = '/v1/detectors/checkout';
/** Label that makes a definition longer than what is sent as it is. */
const LONG = 'x'.repeat(60);

let postgres: TestPostgres;
let database: TestDatabase;
let api: TestApi;
let token: string;

const documentOf = (labels: number): string =>
  testDetectorYaml('checkout', 'orders').replace(
    /^metadata:.*$/m,
    (line) =>
      `metadata:\n  name: checkout\n  labels: { ${Array.from({ length: labels }, (_, i) => `label-${i}: ${LONG}`).join(', ')} }\n# ${line}`,
  );

beforeAll(async () => {
  postgres = await startPostgres();
  database = await postgres.createDatabase();
  await applyDetector(database.db, parseDetector(documentOf(30), 'test'));
  api = await startTestApi(database.db);
  token = await api.token();
});
afterAll(async () => {
  await api.close();
  await postgres.stop();
});

interface Sent {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Bytes as they came over the wire. */
  readonly bytes: Buffer;
}

/** Sends a request whose response nothing decodes. */
function raw(path: string, encoding: string | null, method = 'GET'): Promise<Sent> {
  const headers = { authorization: `Bearer ${token}`, ...(encoding === null ? {} : { 'accept-encoding': encoding }) };
  return new Promise((resolve, reject) => {
    send(api.url + path, { method, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, bytes: Buffer.concat(chunks) }),
      );
    })
      .on('error', reject)
      .end();
  });
}

const decode: Readonly<Record<string, (bytes: Buffer) => Buffer>> = { br: brotliDecompressSync, gzip: gunzipSync };

describe('a response', () => {
  it.each(['br', 'gzip'])('is sent in %s to those who take it, and says so', async (coding) => {
    const plain = await raw('/openapi.json', null);
    const { status, headers, bytes } = await raw('/openapi.json', coding);
    expect([status, headers['content-encoding'], headers.vary]).toEqual([200, coding, 'accept-encoding']);
    expect(Number(headers['content-length'])).toBe(bytes.length);
    expect(bytes.length).toBeLessThan(plain.bytes.length / 4);
    expect(decode[coding]?.(bytes).equals(plain.bytes)).toBe(true);
    expect(headers['content-type']).toBe('application/json; charset=utf-8');
    expect(headers['cache-control']).toBe('no-store');
  });

  it('is plain for all others, and varies by what they take', async () => {
    for (const encoding of [null, 'identity', 'br;q=0, gzip;q=0', 'zstd']) {
      const { headers, bytes } = await raw('/openapi.json', encoding);
      expect([encoding, headers['content-encoding'], headers.vary]).toEqual([encoding, undefined, 'accept-encoding']);
      expect(JSON.parse(bytes.toString())).toMatchObject({ openapi: '3.1.0' });
    }
  });

  it('is plain if it is short', async () => {
    const { headers, bytes } = await raw('/healthz', 'br, gzip');
    expect([headers['content-encoding'], headers.vary]).toEqual([undefined, 'accept-encoding']);
    expect(bytes.length).toBeLessThan(1_024);
  });

  it('has the same headers for HEAD, without a body', async () => {
    const { headers } = await raw(DETECTOR, 'gzip');
    const head = await raw(DETECTOR, 'gzip', 'HEAD');
    const told = ['content-encoding', 'content-length', 'content-type', 'etag', 'vary'];
    expect(told.map((name) => head.headers[name])).toEqual(told.map((name) => headers[name]));
    expect([head.status, head.headers['content-encoding'], head.bytes.length]).toEqual([200, 'gzip', 0]);
  });

  it('that holds the text of a token is never compressed', async () => {
    const made = await api.call('POST /v1/tokens', {
      token,
      body: { name: 'n'.repeat(64), scope: 'read', detectors: null, expiresAt: null },
      headers: { 'accept-encoding': 'br, gzip' },
    });
    expect([made.status, made.headers.get('content-encoding'), made.headers.get('vary')]).toEqual([201, null, null]);
  });

  it('that is a stream of events comes as it is', async () => {
    const ending = new AbortController();
    const response = await fetch(`${api.url}/v1/stream`, {
      headers: { authorization: `Bearer ${token}`, 'accept-encoding': 'br, gzip' },
      signal: ending.signal,
    });
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(response.headers.get('content-encoding')).toBeNull();
    ending.abort();
  });
});

describe('the ETag of a version', () => {
  it('names the coding, and is taken back in whichever it came', async () => {
    const etags = await Promise.all(
      [null, 'gzip', 'br'].map(async (encoding) => (await raw(DETECTOR, encoding)).headers.etag),
    );
    expect(etags).toEqual(['"1"', '"1-gzip"', '"1-br"']);
    const put = async (labels: number, etag: string): Promise<number> => {
      const headers = { 'content-type': 'application/yaml', 'if-match': etag };
      return (await api.call(`PUT ${DETECTOR}`, { token, body: documentOf(labels), headers })).status;
    };
    expect(await put(31, '"1-gzip"')).toBe(200);
    expect(await put(32, '"1-br"')).toBe(412);
    expect(await put(32, '"2-br"')).toBe(200);
    expect(await put(33, '"3-zstd"')).toBe(400);
  });
});

describe('a file of the pages', () => {
  it.each(['br', 'gzip'])('is sent in %s as it was built', async (coding) => {
    const page = await raw('/ui/', coding);
    const [script = ''] = /\/ui\/assets\/[\w-]+\.js/.exec(decode[coding]?.(page.bytes).toString() ?? '') ?? [];
    const { status, headers, bytes } = await raw(script, coding);
    expect([status, headers['content-encoding'], headers.vary]).toEqual([200, coding, 'accept-encoding']);
    expect(decode[coding]?.(bytes).equals((await raw(script, null)).bytes)).toBe(true);
  });

  it('is plain for those who refuse it compressed', async () => {
    const { headers } = await raw('/ui/', 'br;q=0, gzip;q=0');
    expect([headers['content-encoding'], headers.vary]).toEqual([undefined, 'accept-encoding']);
  });
});
