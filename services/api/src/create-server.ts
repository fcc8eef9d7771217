import { randomUUID } from 'node:crypto';

import { type FastifyInstance, type FastifyRequest, fastify } from 'fastify';

import { isOfPage, registerAnswerPages } from './answers/answer-pages.ts';
import { authenticate } from './authenticate.ts';
import { requireCaller } from './authorise.ts';
import type { Caller } from './caller.ts';
import { compressResponse } from './compress-response.ts';
import { handleRoute } from './handle-route.ts';
import { answerCounter, type CountRequest, DEFAULT_LIMITS, requestCounter, type RequestLimits } from './limits.ts';
import { answerToNoRequest } from './no-request.ts';
import { refuseOtherMethods, urlOf } from './other-methods.ts';
import { isOfPages, registerPages } from './pages/register-pages.ts';
import type { ApiParts } from './route.ts';
import { routes } from './routes.ts';
import { securityHeaders } from './security-headers.ts';
import { nothingAt, sendProblem } from './send-problem.ts';

/** Maximum bytes of a body. */
const BODY_BYTES = 1_048_576;
/** Maximum bytes of a document: YAML takes much longer to read than JSON. */
const DOCUMENT_BYTES = 131_072;
/** Maximum time in which a request has to arrive. */
const REQUEST_MS = 30_000;

/** Creates the server of the API; it does not listen yet. */
export async function createServer(parts: ApiParts, limits: RequestLimits = DEFAULT_LIMITS): Promise<FastifyInstance> {
  const server = fastify({
    bodyLimit: BODY_BYTES,
    requestTimeout: REQUEST_MS,
    genReqId: () => randomUUID(),
    // A URL that cannot be decoded passes no hook.
    frameworkErrors: (error, request, reply) =>
      sendProblem(parts, error, request, reply.headers({ ...securityHeaders, 'x-request-id': request.id })),
    clientErrorHandler: (error, socket) => {
      parts.logger.debug({ err: error }, 'a request is not HTTP');
      if (socket.writable) socket.end(answerToNoRequest());
    },
  });
  readBodiesAsBytes(server);
  server.addHook('onSend', async (request, reply) => {
    // A page of ours has headers of its own.
    reply.headers({ ...securityHeaders, ...reply.getHeaders(), 'x-request-id': request.id });
  });
  server.setErrorHandler((error, request, reply) => sendProblem(parts, error, request, reply));
  server.setNotFoundHandler((request, reply) =>
    sendProblem(parts, nothingAt(request, 'See /openapi.json for the routes.'), request, reply),
  );
  const count = await requestCounter(server, limits);
  await registerAnswerPages(server, parts, answerCounter(server, limits));
  await registerPages(server, parts);
  registerRoutes(server, parts, count);
  return server;
}

function registerRoutes(server: FastifyInstance, parts: ApiParts, count: CountRequest): void {
  const callers = new WeakMap<FastifyRequest, Caller | null>();
  // Before the body is read: who may not call reads no megabyte into memory.
  server.addHook('onRequest', async (request) => {
    let caller: Caller | null = null;
    try {
      // A header on the way to a page is of whatever stands in front of it.
      if (!isOfPage(request) && !isOfPages(request)) caller = await authenticate(parts.db, request);
    } finally {
      // An attempt with a wrong token counts, too.
      await count(request, caller);
    }
    callers.set(request, caller);
  });
  const callerOf = (request: FastifyRequest): Caller | null => callers.get(request) ?? null;
  for (const route of routes) {
    const url = urlOf(route.path);
    server.route({
      method: route.method,
      url,
      bodyLimit: route.bodyForm === 'document' ? DOCUMENT_BYTES : BODY_BYTES,
      // A HEAD of what never ends would not end.
      exposeHeadRoute: route.method === 'GET' && route.path !== '/v1/stream',
      ...(route.repeatable === false ? {} : { onSend: compressResponse }),
      onRequest: (request, _reply, done) => {
        requireCaller(route, callerOf(request));
        done();
      },
      handler: (request, reply) => handleRoute(route, { request, reply, caller: callerOf(request) }, parts),
    });
  }
  for (const path of new Set(routes.map((route) => route.path))) {
    const known = routes.filter((route) => route.path === path).map(({ method }) => method);
    refuseOtherMethods(server, path, known);
  }
}

/** Bodies are parsed by their route; here, only their type is checked, and their size bounded. */
function readBodiesAsBytes(server: FastifyInstance): void {
  server.removeAllContentTypeParsers();
  for (const type of ['application/json', 'application/yaml']) {
    server.addContentTypeParser(type, { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  }
}
