import { FlowlineError } from '@flowline/events';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { type Problem, problemOf } from './problem.ts';
import type { ApiParts } from './route.ts';

/** Converts the error of a request to problem details; one of the service is logged. */
export function notedProblem(
  { logger }: Pick<ApiParts, 'logger'>,
  error: unknown,
  request: Pick<FastifyRequest, 'id' | 'method'>,
): Problem {
  const problem = problemOf(error, request.id);
  if (problem.status >= 500)
    logger.error({ err: error, requestId: request.id, method: request.method }, 'a request failed');
  return problem;
}

/** Sends an error as problem details; one of the service is logged. */
export function sendProblem(
  parts: Pick<ApiParts, 'logger'>,
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  const problem = notedProblem(parts, error, request);
  if (problem.status === 401) reply.header('www-authenticate', 'Bearer');
  reply.code(problem.status).header('content-type', 'application/problem+json').send(JSON.stringify(problem));
}

/** Creates the error for a path at which there is nothing. */
export function nothingAt(request: FastifyRequest, remedy: string): FlowlineError {
  const message = `There is nothing at ${request.method} ${pathOf(request)}.`;
  return new FlowlineError('FLOWLINE_NOT_FOUND', message, { where: 'the path', remedy });
}

/** Path of a request, without its query. */
export function pathOf({ url }: Pick<FastifyRequest, 'url'>): string {
  return url.replace(/\?.*/, '');
}
