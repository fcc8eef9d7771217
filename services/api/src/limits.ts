import rateLimit from '@fastify/rate-limit';
import { FlowlineError } from '@flowline/events';
import type { FastifyInstance, FastifyRequest } from 'fastify';

import type { Caller } from './caller.ts';

/** Limits of requests per minute. */
export interface RequestLimits {
  /** Requests of one token. */
  readonly perToken: number;
  /** Requests of one address without a valid token. */
  readonly perAddress: number;
}

/** Limits unless others are given. */
export const DEFAULT_LIMITS: RequestLimits = { perToken: 1_200, perAddress: 240 };

/** Counts a request against its limit. @throws FlowlineError FLOWLINE_RATE_LIMITED beyond it. */
export type CountRequest = (request: FastifyRequest, caller: Caller | null) => Promise<void>;

/** Creates the counter of requests, by token or, without a valid one, by address. */
export async function requestCounter(server: FastifyInstance, limits: RequestLimits): Promise<CountRequest> {
  await server.register(rateLimit, { global: false });
  const timeWindow = 60_000;
  const callers = new WeakMap<FastifyRequest, Caller>();
  const ofToken = server.createRateLimit({
    max: limits.perToken,
    timeWindow,
    keyGenerator: (request) => `token ${callers.get(request)?.token.tokenId ?? ''}`,
  });
  const ofAddress = server.createRateLimit({
    max: limits.perAddress,
    timeWindow,
    keyGenerator: ({ ip }) => `address ${ip}`,
  });
  return async (request, caller) => {
    if (caller !== null) callers.set(request, caller);
    const counted = await (caller === null ? ofAddress : ofToken)(request);
    if (counted.isAllowed || !counted.isExceeded) return;
    throw new FlowlineError('FLOWLINE_RATE_LIMITED', `More than ${counted.max} requests came within a minute.`, {
      where: caller === null ? 'the address' : `the token "${caller.token.name}"`,
      remedy: `Wait for ${counted.ttlInSeconds} seconds.`,
      retryable: true,
    });
  };
}
