import { FlowlineError, printableJson } from '@flowline/events';
import { z } from 'zod';

import { callRoute } from '../call-route.ts';
import type { Caller } from '../caller.ts';
import type { ApiParts } from '../route.ts';
import { routeOf } from './tool.ts';

/** Resource as it is listed. */
export interface ListedResource {
  readonly uri: string;
  readonly name: string;
  readonly description: string;
  readonly mimeType: string;
}

const mimeType = 'application/json';
const listDetectors = routeOf('GET /v1/detectors');
const readDetector = routeOf('GET /v1/detectors/{detector}');
const listModels = routeOf('GET /v1/detectors/{detector}/models');
const readModel = routeOf('GET /v1/detectors/{detector}/models/{version}');

/** Forms of the resources. */
export const resourceTemplates = [
  {
    uriTemplate: 'flowline://detectors/{detector}/definition',
    ...{ name: 'definition', description: 'Definition of a detector that is in force.', mimeType },
  },
  {
    uriTemplate: 'flowline://detectors/{detector}/models/{version}',
    ...{ name: 'model report', description: 'Report of the training of a model.', mimeType },
  },
];

const names = z.object({ items: z.array(z.object({ name: z.string() })), next: z.string().nullable() });
const versions = z.object({ items: z.array(z.object({ version: z.int() })) });

const DETECTORS = 20;
const MODELS = 3;

/** Lists the definitions of a page of detectors, each with the reports of its newest models. */
export async function listResources(
  cursor: string | undefined,
  caller: Caller,
  parts: ApiParts,
): Promise<{ readonly resources: ListedResource[]; readonly nextCursor?: string }> {
  const query = { limit: String(DETECTORS), ...(cursor === undefined ? {} : { cursor }) };
  const { items, next } = names.parse(await callRoute(listDetectors, { query }, caller, parts));
  const resources: ListedResource[] = [];
  for (const { name } of items) {
    const base = `flowline://detectors/${name}`;
    const call = { params: { detector: name }, query: { limit: String(MODELS) } };
    const models = versions.parse(await callRoute(listModels, call, caller, parts)).items;
    resources.push(
      { uri: `${base}/definition`, name: `${name}: definition`, description: `Definition of ${name}.`, mimeType },
      ...models.map(({ version }) => ({
        uri: `${base}/models/${version}`,
        name: `${name}: model ${version}`,
        description: `Report of the training of model version ${version} of ${name}.`,
        mimeType,
      })),
    );
  }
  return next === null ? { resources } : { resources, nextCursor: next };
}

const URI = /^flowline:\/\/detectors\/([^/]+)\/(?:definition|models\/(\d+))$/;

/**
 * Reads a resource as JSON.
 * @throws FlowlineError FLOWLINE_NOT_FOUND for a URI of none, and as the routes.
 */
export async function readResource(uri: string, caller: Caller, parts: ApiParts): Promise<string> {
  const [, detector, version] = URI.exec(uri) ?? [];
  if (detector === undefined) throw noResource(uri);
  const found =
    version === undefined
      ? await callRoute(readDetector, { params: { detector } }, caller, parts)
      : await callRoute(readModel, { params: { detector, version } }, caller, parts);
  return printableJson(JSON.stringify(found, null, 2));
}

function noResource(uri: string): FlowlineError {
  return new FlowlineError('FLOWLINE_NOT_FOUND', `There is no resource "${uri.slice(0, 200)}".`, {
    where: 'uri',
    remedy: 'Take one of the list, such as flowline://detectors/NAME/definition.',
  });
}
