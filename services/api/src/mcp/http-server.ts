import type { AddressInfo } from 'node:net';

import { FlowlineError } from '@flowline/events';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify';

import { authenticate, unauthenticated } from '../authenticate.ts';
import type { Caller } from '../caller.ts';
import { badRequest } from '../invalid-request.ts';
import { DEFAULT_LIMITS, requestCounter } from '../limits.ts';
import type { ApiParts } from '../route.ts';
import { securityHeaders } from '../security-headers.ts';
import { nothingAt, sendProblem } from '../send-problem.ts';
import { createMcpServer } from './create-mcp-server.ts';

/** Running MCP server over HTTP. */
export interface RunningMcp {
  readonly url: string;
  close(): Promise<void>;
}

/** Maximum bytes of a message. */
const BODY_BYTES = 1_048_576;
/** Maximum time in which a request has to arrive. */
const REQUEST_MS = 30_000;
const LOOPBACK = '127.0.0.1';

/**
 * Serves MCP at /mcp on loopback, to callers with a token. Each request stands alone: there are no
 * sessions, so a revoked token is refused at once.
 */
export async function startMcpHttp(parts: ApiParts, port: number, version: string): Promise<RunningMcp> {
  const server = fastify({ bodyLimit: BODY_BYTES, requestTimeout: REQUEST_MS });
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => done(null, body));
  server.addHook('onSend', async (_request, reply) => {
    reply.headers(securityHeaders);
  });
  server.setErrorHandler((error, request, reply) => sendProblem(parts, error, request, reply));
  server.setNotFoundHandler((request, reply) =>
    sendProblem(parts, nothingAt(request, 'MCP is served at /mcp.'), request, reply),
  );
  await serveCallers(server, parts, version);
  await server.listen({ host: LOOPBACK, port });
  const { port: bound } = server.server.address() as AddressInfo;
  return {
    url: `http://${LOOPBACK}:${bound}/mcp`,
    close: async () => {
      server.server.closeAllConnections();
      await server.close();
    },
  };
}

async function serveCallers(server: FastifyInstance, parts: ApiParts, version: string): Promise<void> {
  const count = await requestCounter(server, DEFAULT_LIMITS);
  const callers = new WeakMap<FastifyRequest, Caller>();
  server.addHook('onRequest', async (request) => {
    let caller: Caller | null = null;
    try {
      caller = await authenticate(parts.db, {
        method: request.method,
        headers: { authorization: request.headers.authorization },
      });
    } finally {
      await count(request, caller);
    }
    if (caller === null) throw unauthenticated('This needs a token.');
    // A page in a browser has an origin, and no business here.
    if (request.headers.origin !== undefined) throw fromPage();
    callers.set(request, caller);
  });
  server.route({
    // GET and DELETE are about sessions; the transport refuses them.
    method: ['POST', 'GET', 'DELETE'],
    url: '/mcp',
    exposeHeadRoute: false,
    handler: async (request, reply) => {
      const caller = callers.get(request);
      if (caller === undefined) throw unauthenticated('This needs a token.');
      if (request.method !== 'POST') throw noSession(request.method, reply);
      await answer({ request, reply, message: messageOf(request.body) }, createMcpServer(caller, parts, version));
    },
  });
}

interface Exchange {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly message: unknown;
}

/** Answers one request with a server of its own, which ends with the response. */
async function answer(
  { request, reply, message }: Exchange,
  server: ReturnType<typeof createMcpServer>,
): Promise<void> {
  const transport = new StreamableHTTPServerTransport({ enableJsonResponse: true });
  reply.hijack();
  for (const [name, value] of Object.entries(securityHeaders)) reply.raw.setHeader(name, value);
  reply.raw.on('close', () => void server.close());
  await server.connect(transport);
  await transport.handleRequest(request.raw, reply.raw, message);
}

function messageOf(body: unknown): unknown {
  try {
    return JSON.parse(typeof body === 'string' ? body : '') as unknown;
  } catch {
    throw badRequest('the body', 'The body is not JSON.', 'Send a JSON-RPC message.');
  }
}

function noSession(method: string, reply: FastifyReply): FlowlineError {
  reply.header('allow', 'POST');
  return new FlowlineError('FLOWLINE_METHOD_NOT_ALLOWED', `/mcp does not take ${method}: it has no sessions.`, {
    where: '/mcp',
    remedy: 'Send each message with POST.',
  });
}

function fromPage(): FlowlineError {
  return new FlowlineError('FLOWLINE_FORBIDDEN', 'The request comes from a page in a browser.', {
    where: 'Origin',
    remedy: 'Call from a program.',
  });
}
