import type { Api } from './api-types.ts';
import { endSession } from './session.ts';

/** Route of the API, as `GET /v1/alerts`. */
export type RouteName = keyof Api;
/** Response of a route. */
export type Reply<Name extends RouteName> = Api[Name]['reply'];
/** Item of a route that lists. */
export type Item<Name extends RouteName> =
  Reply<Name> extends { readonly items: readonly (infer Each)[] } ? Each : never;

type Part<Name extends RouteName, Place extends 'params' | 'query' | 'body'> = undefined extends Api[Name][Place]
  ? Readonly<Partial<Record<Place, Api[Name][Place]>>>
  : Readonly<Record<Place, Api[Name][Place]>>;

/** Parts of a request. */
export type Request<Name extends RouteName> = Part<Name, 'params'> &
  Part<Name, 'body'> & {
    readonly query?: { readonly [Key in keyof Api[Name]['query']]?: Api[Name]['query'][Key] | undefined };
    readonly headers?: Readonly<Record<string, string>>;
    readonly signal?: AbortSignal;
  };

/** Problem that the API answers with, or that keeps a page from reaching it. */
export class ApiProblem extends Error {
  readonly status: number;
  readonly code: string;
  readonly where: string | null;
  readonly remedy: string | null;

  constructor(problem: {
    readonly status: number;
    readonly code: string;
    readonly detail: string;
    readonly where?: string | null;
    readonly remedy?: string | null;
  }) {
    super(problem.detail);
    this.status = problem.status;
    this.code = problem.code;
    this.where = problem.where ?? null;
    this.remedy = problem.remedy ?? null;
  }
}

/** Time that a response may take. */
const TIMEOUT_MS = 20_000;
const CUT_OFF = 'The response broke off, or did not come from the API.';

/**
 * Calls a route of the API with the session of the page.
 * @throws ApiProblem.
 */
export async function call<Name extends RouteName>(name: Name, request: Request<Name>): Promise<Reply<Name>> {
  return (await contentOf(await responseOf(name, request))) as Reply<Name>;
}

/**
 * Calls a route that answers with bytes.
 * @throws ApiProblem.
 */
export async function callForBytes<Name extends RouteName>(name: Name, request: Request<Name>): Promise<Uint8Array> {
  const response = await responseOf(name, request);
  try {
    return new Uint8Array(await response.arrayBuffer());
  } catch (error) {
    throw lostResponse(error, CUT_OFF);
  }
}

async function responseOf<Name extends RouteName>(name: Name, request: Request<Name>): Promise<Response> {
  const [method = 'GET', template = '/'] = name.split(' ');
  const { params, query, body, headers, signal } = request as {
    readonly params?: Readonly<Record<string, unknown>>;
    readonly query?: Readonly<Record<string, unknown>>;
    readonly body?: unknown;
    readonly headers?: Readonly<Record<string, string>>;
    readonly signal?: AbortSignal;
  };
  const path = template.replace(/\{(\w+)\}/g, (_, key: string) => encodeURIComponent(String(params?.[key])));
  const response = await send(path + queryText(query), {
    method,
    signal: AbortSignal.any([AbortSignal.timeout(TIMEOUT_MS), ...(signal === undefined ? [] : [signal])]),
    headers: {
      'x-flowline-page': '1',
      ...(body === undefined
        ? {}
        : { 'content-type': typeof body === 'string' ? 'application/yaml' : 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  if (response.ok) return response;
  throw await problemOf(response);
}

/**
 * Sends a request.
 * @throws ApiProblem if nothing answers in time.
 */
export async function send(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (error) {
    throw lostResponse(error, 'The API does not answer.');
  }
}

/**
 * JSON of a response.
 * @throws ApiProblem if the connection broke within it, or something else than the API answered.
 */
export async function contentOf(response: Response): Promise<unknown> {
  try {
    return (await response.json()) as unknown;
  } catch (error) {
    throw lostResponse(error, CUT_OFF);
  }
}

/** Problem of a response that did not come, or not whole. An aborted request stays one. */
function lostResponse(error: unknown, detail: string): unknown {
  if (error instanceof DOMException && error.name === 'AbortError') return error;
  const isLate = error instanceof DOMException && error.name === 'TimeoutError';
  return new ApiProblem({
    status: 0,
    code: isLate ? 'TIMEOUT' : 'UNREACHABLE',
    detail: isLate ? `The API took more than ${TIMEOUT_MS / 1_000} s.` : detail,
    remedy: 'The page tries again by itself. If this lasts, look at the process of `flowline serve api`.',
  });
}

/** Problem of a response that is not a success; one without a session ends that of the page. */
export async function problemOf(response: Response): Promise<ApiProblem> {
  if (response.status === 401) endSession();
  const isProblem = response.headers.get('content-type')?.includes('problem+json') === true;
  const plain = { status: response.status, code: `HTTP ${response.status}`, detail: 'The API could not do it.' };
  if (!isProblem) return new ApiProblem(plain);
  const problem = (await contentOf(response)) as Partial<typeof plain>;
  return new ApiProblem({ ...plain, ...problem });
}

function queryText(query: Readonly<Record<string, unknown>> = {}): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== '');
  if (given.length === 0) return '';
  return `?${new URLSearchParams(given.map(([key, value]) => [key, String(value)])).toString()}`;
}
