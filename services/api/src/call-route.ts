import { randomUUID } from 'node:crypto';

import { auditCall } from './audit.ts';
import { authorise } from './authorise.ts';
import type { Caller } from './caller.ts';
import { type Problem, problemOf } from './problem.ts';
import { readPart } from './read-request.ts';
import type { ApiParts, Route, RouteRequest } from './route.ts';

/** Request of a route that comes by another way than HTTP; parameters are written as in a URL. */
export interface RouteCall {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/**
 * Does what a request of the route would: authorises the caller, reads the parts by their schemas,
 * runs the handler, and logs what it has changed. Resolves to the body of the response.
 * @throws FlowlineError as the route.
 */
export async function callRoute(route: Route, call: RouteCall, caller: Caller, parts: ApiParts): Promise<unknown> {
  const { params = {}, query = {}, body } = call;
  const audited = {
    ...{ caller, target: targetOf(route, params), detector: params.detector ?? null, requestId: randomUUID() },
  };
  try {
    authorise(route, caller, params);
    const request: RouteRequest<unknown, unknown, unknown> = {
      params: readPart('path', route.params, params),
      query: readPart('query', route.query, query),
      body: route.body === null ? undefined : readPart('body', route.body, body),
      ...{ headers: {}, caller, signal: new AbortController().signal },
    };
    const { status, body: answer } = await route.handle(request as never, parts);
    await auditCall(parts, route, audited, status);
    return answer;
  } catch (error) {
    const { status }: Problem = problemOf(error, audited.requestId);
    await auditCall(parts, route, audited, status).catch((err: unknown) => {
      parts.logger.error({ err, requestId: audited.requestId }, 'a refusal is not in the audit log');
    });
    throw error;
  }
}

const targetOf = ({ path }: Route, params: Readonly<Record<string, string>>): string =>
  path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? ''));
