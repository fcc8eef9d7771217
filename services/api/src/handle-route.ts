import { recordAudit } from '@flowline/db';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { type Answer, answerOnce } from './answer-once.ts';
import { authorise } from './authorise.ts';
import type { Caller } from './caller.ts';
import { problemOf } from './problem.ts';
import { readRequest } from './read-request.ts';
import type { ApiParts, Route } from './route.ts';

/** A request under way. */
export interface Exchange {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly caller: Caller | null;
}

/** Authorises a request, reads it, runs the handler of its route, and logs what it has changed. */
export async function handleRoute(route: Route, exchange: Exchange, parts: ApiParts): Promise<Answer['body']> {
  const { request, reply, caller } = exchange;
  const startedMs = performance.now();
  let status = 500;
  try {
    authorise(route, caller, request.params);
    const read = readRequest(route, request, caller);
    const answer = await answerOnce(parts.db, { route, request, caller }, () => route.handle(read as never, parts));
    status = answer.status;
    await audit(route, exchange, parts, status);
    reply.code(status).headers({ 'content-type': 'application/json; charset=utf-8', ...answer.headers });
    return answer.body;
  } catch (error) {
    ({ status } = problemOf(error, request.id));
    await audit(route, exchange, parts, status).catch((err: unknown) => {
      parts.logger.error({ err, requestId: request.id }, 'a refusal is not in the audit log');
    });
    throw error;
  } finally {
    const { method, path } = route;
    const seconds = (performance.now() - startedMs) / 1_000;
    parts.metrics.apiRequests.observe({ method, route: path, status }, seconds);
  }
}

/** Logs a request of a token that changes something, done or refused. */
async function audit(route: Route, { request, caller }: Exchange, { db }: ApiParts, outcome: number): Promise<void> {
  if (route.method === 'GET' || route.scope === 'read' || caller === null) return;
  const { detector = null } = request.params as { readonly detector?: string };
  const { name: actor, tokenId } = caller.token;
  const action = `${route.method} ${route.path}`;
  const target = request.url.replace(/\?.*/, '');
  await recordAudit(db, { actor, tokenId, action, target, detector, requestId: request.id, outcome });
}
