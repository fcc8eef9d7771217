import { z } from 'zod';

import { problemSchema } from './problem.ts';
import type { Route } from './route.ts';

type Json = Readonly<Record<string, unknown>>;

/** Statuses of problems, with what they say. */
const meanings: ReadonlyMap<number, string> = new Map([
  [400, 'The request is not valid.'],
  [401, 'There is no valid token.'],
  [403, 'The token does not permit it.'],
  [404, 'There is no such resource.'],
  [409, 'The state of the resource does not permit it, or an Idempotency-Key is in use.'],
  [412, 'The resource has changed since it was read.'],
  [413, 'The body is too large.'],
  [422, 'The content is not valid; every finding is listed.'],
  [429, 'Too many requests came within a minute.'],
  [503, 'The database, or another service behind, does not answer.'],
]);

/** Statuses of problems that a route may answer with. */
export function problemStatuses(route: Route): number[] {
  const takesBody = route.method !== 'GET';
  const found = [
    ...[400, 401, 429, 503],
    ...(route.scope === null ? [] : [403]),
    ...(route.params === null ? [] : [404]),
    ...(takesBody ? [413] : []),
    ...(route.method === 'POST' ? [409] : []),
    ...(route.problems ?? []),
  ];
  return [...new Set(found)].filter((status) => route.replies[status] === undefined).sort((a, b) => a - b);
}

/** Description of routes as OpenAPI 3.1. */
export function openApi(routes: readonly Route[]): Json {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) (paths[route.path] ??= {})[route.method.toLowerCase()] = operation(route);
  return {
    openapi: '3.1.0',
    info: {
      title: 'Flowline',
      version: '1',
      description: 'Detectors, models, anomalies and alerts. Errors are problem details (RFC 9457).',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    tags: [...new Set(routes.map(({ tag }) => tag))].map((name) => ({ name })),
    paths,
    components: {
      schemas: { Problem: schemaOf(problemSchema, 'output') },
      securitySchemes: { token: { type: 'http', scheme: 'bearer', description: 'See `flowline tokens create`.' } },
    },
  };
}

function operation(route: Route): Json {
  const { method, path, tag, summary, scope, body } = route;
  return {
    operationId: `${method.toLowerCase()}${path.replace(/[^A-Za-z0-9]+(\w)/g, (_, letter: string) => letter.toUpperCase()).replace(/\W/g, '')}`,
    tags: [tag],
    summary,
    ...(scope === null ? {} : { description: `Needs the scope ${scope}.` }),
    security: scope === null ? [{}, { token: [] }] : [{ token: [] }],
    parameters: [...parametersOf(route.params, 'path'), ...parametersOf(route.query, 'query'), ...headersOf(route)],
    ...(body === null ? {} : { requestBody: requestBody(route, body) }),
    responses: {
      ...Object.fromEntries(Object.entries(route.replies).map(([status, reply]) => [status, success(reply)])),
      ...Object.fromEntries(problemStatuses(route).map((status) => [status, problem(status)])),
    },
  };
}

function requestBody({ bodyForm }: Route, body: z.ZodType): Json {
  const schema = schemaOf(body, 'input');
  const isOptional = body.safeParse(undefined).success;
  const types = bodyForm === 'document' ? ['application/json', 'application/yaml'] : ['application/json'];
  return { required: !isOptional, content: Object.fromEntries(types.map((type) => [type, { schema }])) };
}

const success = ({ description, schema, contentType = 'application/json' }: Route['replies'][number]): Json => ({
  description,
  content: { [contentType]: { schema: schemaOf(schema, 'output') } },
});

const problem = (status: number): Json => ({
  description: meanings.get(status) ?? 'A problem.',
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
});

function parametersOf(schema: z.ZodType | null, place: 'path' | 'query'): Json[] {
  if (schema === null) return [];
  const { properties = {}, required = [] } = schemaOf(schema, 'input') as {
    readonly properties?: Readonly<Record<string, Json>>;
    readonly required?: readonly string[];
  };
  return Object.entries(properties).map(([name, { description, ...rest }]) => ({
    ...{ name, in: place, required: required.includes(name), schema: rest },
    ...(description === undefined ? {} : { description }),
  }));
}

function headersOf({ method, repeatable, readsHeaders = {} }: Route): Json[] {
  const once = 'Key of the request, such as a UUID: a repeat within 24 hours gets the first response.';
  const all = {
    ...(method === 'POST' && repeatable !== false ? { 'Idempotency-Key': once } : {}),
    ...readsHeaders,
  };
  const pattern: Readonly<Record<string, string>> = {
    'Idempotency-Key': '^[!-~]{1,255}$',
    'if-match': '^"[0-9]{1,9}(-(br|gzip))?"$',
    'if-none-match': '^\\*$',
  };
  return Object.entries(all).map(([name, description]) => ({
    ...{ name, in: 'header', required: false, description },
    schema: { type: 'string', ...(pattern[name] === undefined ? {} : { pattern: pattern[name] }) },
  }));
}

/** JSON Schema of a part; what a parameter says of itself replaces what its text is checked by. */
function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _, ...json } = z.toJSONSchema(schema, {
    io,
    unrepresentable: 'any',
    override: ({ jsonSchema }) => {
      if (jsonSchema.type === 'string') return;
      delete jsonSchema.pattern;
      delete jsonSchema.maxLength;
      delete jsonSchema.minLength;
    },
  });
  return json;
}
