import { startApi } from '@flowline/api';
import { loadSettings } from '@flowline/config';
import { createToken, type Database, type NewToken } from '@flowline/db';
import { createMetrics, Health, type Logger, silentLogger } from '@flowline/telemetry';

/** Response of the API in a test. */
export interface TestResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Request of a test. */
export interface TestRequest {
  readonly token?: string | undefined;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A running API of a test. */
export interface TestApi {
  readonly url: string;
  /** Sends a request: `call('GET /v1/detectors', { token })`. Strings are sent as they are. */
  call(methodAndPath: string, request?: TestRequest): Promise<TestResponse>;
  /** Creates a token and returns its text. */
  token(rights?: Partial<NewToken>): Promise<string>;
  close(): Promise<void>;
}

/** Parts of an API that a test gives. */
export interface TestApiOptions {
  readonly limits?: Parameters<typeof startApi>[2];
  readonly env?: Readonly<Record<string, string>>;
  readonly logger?: Logger;
}

/** Starts the API over a database, within this process. */
export async function startTestApi(
  db: Database,
  { limits, env = {}, logger = silentLogger }: TestApiOptions = {},
): Promise<TestApi> {
  const settings = loadSettings({ ...env });
  const parts = {
    db,
    settings,
    logger,
    metrics: createMetrics({ processMetrics: false }),
    health: new Health(),
  };
  const api = await startApi(
    parts,
    { port: 0, host: '127.0.0.1' },
    limits ?? { perToken: 100_000, perAddress: 100_000 },
  );
  return {
    url: api.url,
    call: (methodAndPath, request) => call(api.url, methodAndPath, request),
    token: async (rights = {}) =>
      (await createToken(db, { name: 'test', scope: 'admin', detectors: null, expiresAt: null, ...rights })).text,
    close: () => api.close(),
  };
}

async function call(url: string, methodAndPath: string, request: TestRequest = {}): Promise<TestResponse> {
  const [method = 'GET', path = '/'] = methodAndPath.split(' ');
  const { token, body, headers = {} } = request;
  const response = await fetch(url + path, {
    method,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') === true;
  return {
    status: response.status,
    headers: response.headers,
    body: (isJson ? JSON.parse(text) : { text }) as TestResponse['body'],
  };
}
