import { Numeral } from '@flowline/events';
import { decodeJson } from '@flowline/stream';
import type { FastifyRequest } from 'fastify';
import type { z } from 'zod';

import { badRequest, invalidRequest } from './invalid-request.ts';
import type { Route, RouteRequest } from './route.ts';

/**
 * Reads the parts of a request by the schemas of its route.
 * @throws FlowlineError FLOWLINE_REQUEST_INVALID with every finding of the first part that does not
 * fit.
 */
export function readRequest(
  route: Route,
  request: FastifyRequest,
  { caller, signal }: Pick<RouteRequest<unknown, unknown, unknown>, 'caller' | 'signal'>,
): RouteRequest<unknown, unknown, unknown> {
  return {
    params: readPart('path', route.params, request.params),
    query: readPart('query', route.query, request.query),
    body: readBody(route, request.body),
    headers: request.headers,
    ...{ caller, signal },
  };
}

function readBody(route: Route, body: unknown): unknown {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.alloc(0);
  if (route.body === null) {
    if (bytes.toString('utf8').trim() === '') return undefined;
    throw badRequest('body', 'This takes no body.', 'Leave the body out.');
  }
  if (route.bodyForm === 'document') return readPart('body', route.body, bytes.toString('utf8'));
  if (bytes.length === 0) return readPart('body', route.body, undefined);
  const decoded = decodeJson(bytes);
  if ('reason' in decoded) throw badRequest('body', decoded.message, 'Send JSON.');
  return readPart('body', route.body, withNumbers(decoded.value));
}

/**
 * A body whose options are numbers however they are written: 50.0 and 5e1 are 50. What is nested,
 * such as events, keeps its spelling.
 */
function withNumbers(body: unknown): unknown {
  const numberOf = (value: unknown): unknown => (value instanceof Numeral ? Number(value.text) : value);
  if (typeof body !== 'object' || body === null || Array.isArray(body) || body instanceof Numeral) return body;
  return Object.fromEntries(Object.entries(body).map(([name, value]) => [name, numberOf(value)]));
}

/**
 * Reads one part of a request by its schema.
 * @throws FlowlineError FLOWLINE_REQUEST_INVALID with every finding.
 */
export function readPart(part: string, schema: z.ZodType | null, value: unknown): unknown {
  if (schema === null) {
    const names = Object.keys(value ?? {});
    if (names.length === 0 || part === 'path') return undefined;
    throw badRequest(part, `This takes no parameters, but got ${names.slice(0, 5).join(', ')}.`, 'Leave them out.');
  }
  const read = schema.safeParse(part === 'body' ? value : { ...(value as object) });
  if (read.success) return read.data;
  throw invalidRequest(part, read.error);
}
