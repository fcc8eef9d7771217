import type { FastifyReply, FastifyRequest } from 'fastify';

import { type Answer, answerOnce } from './answer-once.ts';
import { auditCall, type AuditedCall } from './audit.ts';
import { authorise } from './authorise.ts';
import type { Caller } from './caller.ts';
import { problemOf } from './problem.ts';
import { readRequest } from './read-request.ts';
import type { ApiParts, Route } from './route.ts';
import { pathOf } from './send-problem.ts';
import { senderGone } from './sender-gone.ts';

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
    const read = readRequest(route, request, { caller, signal: senderGone(reply) });
    const answer = await answerOnce(parts.db, { route, request, caller }, () => route.handle(read as never, parts));
    status = answer.status;
    await auditCall(parts, route, audited(exchange), status);
    reply.code(status).headers({ 'content-type': 'application/json; charset=utf-8', ...answer.headers });
    return answer.body;
  } catch (error) {
    ({ status } = problemOf(error, request.id));
    await auditCall(parts, route, audited(exchange), status).catch((err: unknown) => {
      parts.logger.error({ err, requestId: request.id }, 'a refusal is not in the audit log');
    });
    throw error;
  } finally {
    const { method, path } = route;
    const seconds = (performance.now() - startedMs) / 1_000;
    parts.metrics.apiRequests.observe({ method, route: path, status }, seconds);
  }
}

function audited({ request, caller }: Exchange): AuditedCall {
  const { detector = null } = request.params as { readonly detector?: string };
  return { caller, target: pathOf(request), detector, requestId: request.id };
}
