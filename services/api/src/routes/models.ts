import {
  type Database,
  getDetector,
  listModelCandidates,
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
const candidate = z.strictObject({
  detector: z.string(),
  modelVersion: z.int(),
  place: z.int().describe('Place by held-out likelihood, from 1.'),
  candidate: z.string().describe('Name, unique within the model.'),
  family: z.string(),
  partition: z.string().nullable().describe('Partition of the features in its couplings; null if it has none.'),
  layers: z.int().nullable().describe('Number of layers; null for the depth that is usual for the family.'),
  parameters: z.int().describe('Number of trainable values.'),
  steps: z.int().describe('Training steps done; 0 if it was fitted without.'),
  heldOutRows: z.int().describe('Validation rows that it was compared on.'),
  heldOutNllNats: z
    .number()
    .nullable()
    .describe('Mean of −log p, in nats and original units; null if it could not be trained.'),
  heldOutStandardError: z.number().nullable(),
  gainNats: z
    .number()
    .nullable()
    .describe('Mean of log p − log p of the most likely candidate, each difference clipped to ±5, in nats.'),
  gainStandardError: z.number().nullable(),
  seconds: z.number().nullable().describe('Duration; null for a model that was calibrated again.'),
  chosen: z.boolean(),
  reason: z.string().describe('Why it was chosen, or not.'),
});
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
      method: 'GET',
      path: '/v1/detectors/{detector}/models/{version}/candidates',
      tag,
      scope: 'read',
      detector: 'path',
    },
    summary: 'List the candidates that a model was chosen from (model.family: auto), the most likely first.',
    params: modelParams,
    replies: {
      200: {
        description: 'All of them; none if its family was named.',
        schema: z.strictObject({ items: z.array(candidate) }),
      },
    },
    handle: async ({ params: { detector, version: number } }, { db }) => {
      await getDetector(db, detector);
      const [found] = await modelPage(db, { detector, before: number + 1, limit: 1 });
      if (found?.version !== number) throw modelMissing(detector, number);
      return { status: 200, body: { items: await listModelCandidates(db, { detector, version: number }) } };
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
