import { z } from 'zod';

import { openApi } from '../openapi.ts';
import { type ApiParts, type Reply, type Route, route, type RouteRequest } from '../route.ts';

const tag = 'service';

const health = z.strictObject({
  ok: z.boolean(),
  parts: z
    .record(z.string(), z.strictObject({ healthy: z.boolean(), ready: z.boolean(), detail: z.string() }))
    .describe('State of each part; only with a token.')
    .optional(),
});
const bothWays = {
  200: { description: 'It is.', schema: health },
  503: { description: 'It is not.', schema: health },
};

/** Routes about the service itself. */
export const serviceRoutes = (all: () => readonly Route[]): readonly Route[] => [
  route({
    ...{ method: 'GET', path: '/healthz', tag, scope: null, detector: 'none' },
    summary: 'Read whether the service is healthy.',
    replies: bothWays,
    handle: (request, parts) => Promise.resolve(stateOf(request, parts, parts.health.healthy)),
  }),
  route({
    ...{ method: 'GET', path: '/readyz', tag, scope: null, detector: 'none' },
    summary: 'Read whether the service is ready: it has a database.',
    replies: bothWays,
    handle: (request, parts) => Promise.resolve(stateOf(request, parts, parts.health.ready)),
  }),
  route({
    ...{ method: 'GET', path: '/metrics', tag, scope: 'read', detector: 'none' },
    summary: 'Read the metrics of the service, as Prometheus takes them.',
    replies: { 200: { description: 'Metrics.', schema: z.string(), contentType: 'text/plain' } },
    handle: async (_request, { metrics }) => {
      const { contentType, body } = await metrics.expose();
      return { status: 200, body, headers: { 'content-type': contentType } };
    },
  }),
  route({
    ...{ method: 'GET', path: '/openapi.json', tag, scope: null, detector: 'none' },
    summary: 'Read this description of the API (OpenAPI 3.1).',
    replies: { 200: { description: 'The description.', schema: z.looseObject({}) } },
    handle: () => Promise.resolve({ status: 200, body: openApi(all()) }),
  }),
];

function stateOf(
  { caller }: RouteRequest<undefined, undefined, undefined>,
  { health: state }: ApiParts,
  ok: boolean,
): Reply {
  return { status: ok ? 200 : 503, body: caller === null ? { ok } : { ok, parts: state.report() } };
}
