import { FlowlineError } from '@flowline/events';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { problemOf } from './problem.ts';
import type { ApiParts } from './route.ts';

/** Sends an error as problem details; one of the service is logged. */
export function sendProblem(
  { logger }: Pick<ApiParts, 'logger'>,
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  const problem = problemOf(error, request.id);
  if (problem.status >= 500)
    logger.error({ err: error, requestId: request.id, method: request.method }, 'a request failed');
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
