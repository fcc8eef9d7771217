import { FlowlineError } from '@flowline/events';
import type { FastifyInstance } from 'fastify';

/** Methods that a path answers, with a request for its route or with 405. */
const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'QUERY'] as const;

/** Path as Fastify writes it. */
export const urlOf = (path: string): string => path.replace(/\{(\w+)\}/g, ':$1');

/** Answers all other methods of a path than the known ones with 405. */
export function refuseOtherMethods(server: FastifyInstance, path: string, known: readonly string[]): void {
  server.route({
    method: METHODS.filter((method) => !known.includes(method)),
    url: urlOf(path),
    // Before the body is looked at.
    onRequest: (request, reply, done) => {
      reply.header('allow', known.join(', '));
      done(methodRefused(path, request.method, known));
    },
    handler: () => undefined,
  });
}

function methodRefused(path: string, method: string, known: readonly string[]): FlowlineError {
  return new FlowlineError('FLOWLINE_METHOD_NOT_ALLOWED', `${path} does not take ${method}.`, {
    where: path,
    remedy: `It takes ${known.join(' and ')}.`,
  });
}
