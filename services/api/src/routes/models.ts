import {
  type Database,
  getDetector,
  listModels,
  modelPage,
  type ModelSummary,
  pageEnd,
  promote,
  rollBack,
} from '@flowline/db';
import { FlowlineError } from '@flowline/events';
import { z } from 'zod';

import { fromCursor, toCursor } from '../cursor.ts';
import { type Route, route } from '../route.ts';
import { detectorParams, MAX_VERSION, page, pageOf, set, time, version } from '../schemas.ts';

const tag = 'models';

const model = z.strictObject({
  detector: z.string(),
  version: z.int(),
  detectorVersion: z.int().describe('Version of the definition that it was trained for.'),
  aliases: z.array(z.enum(['champion', 'challenger', 'previous'])),
  alpha: z.number().describe('Alpha when it was trained.'),
  sha256: z.string(),
  bytes: z.int(),
  createdAt: time,
});
const shown = model.extend({ manifest: z.looseObject({}).describe('Report of its training.') });
const inForce = z.strictObject({
  detector: z.string(),
  champion: z.int(),
  replaced: z.int().nullable().describe('Champion before; null if there was none, or if the call was refused.'),
});

const position = z.int().min(1).max(MAX_VERSION);
const modelParams = detectorParams.extend({ version: version('Version of the model.') });

const listed = ({
  detector,
  version: number,
  detectorVersion,
  aliases,
  alpha,
  sha256,
  bytes,
  createdAt,
}: ModelSummary) => ({
  ...{ detector, version: number, detectorVersion, aliases, alpha, sha256, bytes, createdAt },
});

/** Routes of models. */
export const modelRoutes: readonly Route[] = [
  route({
    ...{ method: 'GET', path: '/v1/detectors/{detector}/models', tag, scope: 'read', detector: 'path' },
    summary: 'List the models of a detector, newest first.',
    params: detectorParams,
    query: z.strictObject(page),
    replies: { 200: { description: 'A page of models.', schema: pageOf(model) } },
    handle: async ({ params, query: { limit, cursor } }, { db }) => {
      const before = fromCursor(cursor, position);
      await getDetector(db, params.detector);
      const items = await modelPage(db, { ...params, limit, ...set({ before }) });
      const next = pageEnd(items, limit)?.version ?? null;
      return { status: 200, body: { items: items.map(listed), next: toCursor(next) } };
    },
  }),
  route({
    ...{ method: 'GET', path: '/v1/detectors/{detector}/models/{version}', tag, scope: 'read', detector: 'path' },
    summary: 'Read a model, with the report of its training.',
    params: modelParams,
    replies: { 200: { description: 'The model.', schema: shown } },
    handle: async ({ params: { detector, version: number } }, { db }) => {
      await getDetector(db, detector);
      const found = await storedModel(db, detector, number);
      return { status: 200, body: { ...listed(found), manifest: found.manifest } };
    },
  }),
  route({
    ...{
      method: 'POST',
      path: '/v1/detectors/{detector}/models/{version}/promote',
      tag,
      scope: 'operate',
      detector: 'path',
    },
    summary: 'Make a model the champion; running scorers take it over.',
    params: modelParams,
    replies: { 200: { description: 'It is the champion.', schema: inForce } },
    handle: async ({ params: { detector, version: number } }, { db }) => {
      await getDetector(db, detector);
      const before = (await listModels(db, detector)).find(({ champion }) => champion);
      await promote(db, detector, number);
      return { status: 200, body: { detector, champion: number, replaced: before?.version ?? null } };
    },
  }),
  route({
    ...{ method: 'POST', path: '/v1/detectors/{detector}/rollback', tag, scope: 'operate', detector: 'path' },
    summary: 'Make the previous champion the champion again. A second call undoes the first.',
    params: detectorParams,
    replies: { 200: { description: 'The previous champion scores again.', schema: inForce } },
    handle: async ({ params: { detector } }, { db }) => {
      const { from, to } = await rollBack(db, detector);
      return { status: 200, body: { detector, champion: to, replaced: from } };
    },
  }),
];

/**
 * Model of a detector by its version, without its bytes.
 * @throws FlowlineError FLOWLINE_MODEL_MISSING.
 */
export async function storedModel(db: Database, detector: string, number: number): Promise<ModelSummary> {
  const [found] = await modelPage(db, { detector, before: number + 1, limit: 1 });
  if (found?.version !== number) throw modelMissing(detector, number);
  return found;
}

function modelMissing(detector: string, number: number): FlowlineError {
  return new FlowlineError('FLOWLINE_MODEL_MISSING', `The detector ${detector} has no model version ${number}.`, {
    where: detector,
    remedy: `List them: GET /v1/detectors/${detector}/models.`,
  });
}
