import rateLimit from '@fastify/rate-limit';
import { FlowlineError } from '@flowline/events';
import type { FastifyInstance, FastifyRequest } from 'fastify';

import type { Caller } from './caller.ts';
import { isOfPages } from './pages/register-pages.ts';

/** Limits of requests per minute. */
export interface RequestLimits {
  /** Requests of one token. */
  readonly perToken: number;
  /**
   * Requests of one address without a valid token; sign-ins, and requests for the pages themselves,
   * are counted apart.
   */
  readonly perAddress: number;
  /** Answers to one alert by links (default 30). */
  readonly answersPerAlert?: number;
}

/** Limits unless others are given. */
export const DEFAULT_LIMITS: RequestLimits = { perToken: 1_200, perAddress: 240 };

const WINDOW_MS = 60_000;

/** Counts a request against its limit. @throws FlowlineError FLOWLINE_RATE_LIMITED beyond it. */
export type CountRequest = (request: FastifyRequest, caller: Caller | null) => Promise<void>;

/** Creates the counter of requests, by token or, without a valid one, by address. */
export async function requestCounter(server: FastifyInstance, limits: RequestLimits): Promise<CountRequest> {
  await server.register(rateLimit, { global: false });
  const callers = new WeakMap<FastifyRequest, Caller>();
  const ofToken = server.createRateLimit({
    max: limits.perToken,
    timeWindow: WINDOW_MS,
    keyGenerator: (request) => `token ${callers.get(request)?.token.tokenId ?? ''}`,
  });
  const ofAddress = server.createRateLimit({
    max: limits.perAddress,
    timeWindow: WINDOW_MS,
    keyGenerator: (request) => `${kindOf(request)} ${request.ip}`,
  });
  return async (request, caller) => {
    if (caller !== null) callers.set(request, caller);
    const counted = await (caller === null ? ofAddress : ofToken)(request);
    refuseExcess(counted, caller === null ? 'the address' : `the token "${caller.token.name}"`);
  };
}

/** Kind by which a request is counted: tries of tokens keep nobody else from the pages. */
function kindOf(request: FastifyRequest): 'sign-in' | 'page' | 'address' {
  if (!isOfPages(request)) return 'address';
  return request.method === 'POST' ? 'sign-in' : 'page';
}

/** Counts an answer against the limit of its alert. @throws FlowlineError FLOWLINE_RATE_LIMITED. */
export type CountAnswer = (request: FastifyRequest) => Promise<void>;

/** Creates the counter of answers by links, per alert: each stores a row. */
export function answerCounter(
  server: FastifyInstance,
  { answersPerAlert = 30 }: Pick<RequestLimits, 'answersPerAlert'>,
): CountAnswer {
  const ofAlert = server.createRateLimit({
    max: answersPerAlert,
    timeWindow: WINDOW_MS,
    keyGenerator: ({ params }) => `alert ${String((params as { readonly alertId?: unknown }).alertId)}`,
  });
  return async (request) => refuseExcess(await ofAlert(request), 'the alert');
}

type Counted = Awaited<ReturnType<ReturnType<FastifyInstance['createRateLimit']>>>;

function refuseExcess(counted: Counted, where: string): void {
  if (counted.isAllowed || !counted.isExceeded) return;
  throw new FlowlineError('FLOWLINE_RATE_LIMITED', `More than ${counted.max} requests came within a minute.`, {
    where,
    remedy: `Wait for ${counted.ttlInSeconds} seconds.`,
    retryable: true,
  });
}
