import { parseDetector, storedDefinition, yamlOf } from '@flowline/config';
import {
  applyDetector,
  detectorPage,
  getDetector,
  pageEnd,
  pauseDetector,
  resumeDetector,
  type StoredDetector,
} from '@flowline/db';
import { changesForNextModel, detectorStatuses, diffDocument, documentInForce } from '@flowline/operations';
import { FlowlineError } from '@flowline/events';
import { z } from 'zod';

import { fromCursor, toCursor } from '../cursor.ts';
import { etagOf, expectedVersion } from '../etag.ts';
import { type Route, route } from '../route.ts';
import { detectorName, detectorParams, documentOf, page, pageOf, set, time } from '../schemas.ts';

const tag = 'detectors';

const summary = z.strictObject({
  name: z.string(),
  version: z.int(),
  state: z.enum(['active', 'paused']),
  appliedAt: time,
});
const detector = summary.extend({
  definition: z.looseObject({}).describe('Definition in force, with every default.'),
});
const applied = z.strictObject({
  detector: z.string(),
  version: z.int(),
  changed: z.boolean().describe('False if the definition is in force already.'),
  nextModel: z.array(z.string()).describe('Options that take effect with the next model.'),
});
const written = z.strictObject({
  detector: z.string(),
  version: z.int(),
  text: z.string().describe('Detector file in YAML, as `flowline get` writes it.'),
});
const differences = z.strictObject({
  detector: z.string(),
  isNew: z.boolean().describe('True if nothing is in force under this name.'),
  changes: z.array(
    z.strictObject({
      path: z.string(),
      from: z.unknown().describe('Absent if it was not there.'),
      to: z.unknown().describe('Absent if it goes.'),
    }),
  ),
  nextModel: z.array(z.string()).describe('Options that take effect with the next model.'),
});
const valid = z.strictObject({ valid: z.literal(true), detector: z.string(), features: z.array(z.string()) });
const changed = z.strictObject({
  detector: z.string(),
  state: z.enum(['active', 'paused']),
  changed: z.boolean().describe('False if it was in this state before.'),
});
const status = z.looseObject({
  detector: z.string(),
  state: z.enum(['scoring', 'waiting', 'paused']),
  findings: z
    .array(z.strictObject({ code: z.string(), reason: z.string(), remedy: z.string() }))
    .describe('Why the definition or the newest model is not in use, most important first.'),
  drift: z
    .strictObject({
      state: z.enum(['unchecked', 'steady', 'drifted']),
      day: z.iso.date().nullable().describe('Last UTC day that was checked; null for none.'),
      since: z.iso.date().nullable().describe('First of the days in a row that have drifted; null for none.'),
      moved: z
        .array(z.strictObject({ feature: z.string(), change: z.string() }))
        .describe('Features that have moved, given the others, the farthest first.'),
      remedy: z.string().nullable(),
    })
    .describe('Drift of the data since the champion began to score.'),
});

const document = documentOf('Detector file; its JSON Schema is that of `flowline schema`.');

const listed = ({ name, version, state, appliedAt }: StoredDetector) => ({ name, version, state, appliedAt });

/** Routes of detectors. */
export const detectorRoutes: readonly Route[] = [
  route({
    ...{ method: 'GET', path: '/v1/detectors', tag, scope: 'read', detector: 'none' },
    summary: 'List the detectors that the token is for, by name.',
    query: z.strictObject(page),
    replies: { 200: { description: 'A page of detectors.', schema: pageOf(summary) } },
    handle: async ({ query: { limit, cursor }, caller }, { db }) => {
      const range = { names: caller?.token.detectors ?? undefined, after: fromCursor(cursor, detectorName) };
      const items = await detectorPage(db, { limit, ...set(range) });
      const next = pageEnd(items, limit)?.name ?? null;
      return { status: 200, body: { items: items.map(listed), next: toCursor(next) } };
    },
  }),
  route({
    ...{ method: 'GET', path: '/v1/detectors/{detector}', tag, scope: 'read', detector: 'path' },
    summary: 'Read a detector, with its definition in force. Its ETag is the version.',
    params: detectorParams,
    replies: { 200: { description: 'The detector.', schema: detector } },
    handle: async ({ params }, { db }) => {
      const stored = await getDetector(db, params.detector);
      const headers = { etag: etagOf(stored.version) };
      return { status: 200, body: { ...listed(stored), definition: stored.definition }, headers };
    },
  }),
  route({
    ...{ method: 'PUT', path: '/v1/detectors/{detector}', tag, scope: 'admin', detector: 'path' },
    summary: 'Check a detector file and put it in force, as `flowline apply` does.',
    params: detectorParams,
    body: document,
    bodyForm: 'document',
    readsHeaders: {
      'if-match': 'ETag that you have read: applies only to that version.',
      'if-none-match': '`*`: only if there is no such detector yet.',
    },
    problems: [404, 409, 412, 422],
    replies: {
      200: { description: 'It is in force, or was already.', schema: applied },
      201: { description: 'The detector is new.', schema: applied },
    },
    handle: async ({ params, body, headers }, { db }) => {
      const definition = parseDetector(body, 'the body');
      requireName(definition.name, params.detector);
      const expected = expectedVersion(headers);
      const done = await applyDetector(db, storedDefinition(definition), expected === undefined ? {} : { expected });
      return {
        status: done.version === 1 && done.changed ? 201 : 200,
        body: { detector: definition.name, ...done, nextModel: await changesForNextModel(db, definition) },
        headers: { etag: etagOf(done.version) },
      };
    },
  }),
  route({
    ...{ method: 'GET', path: '/v1/detectors/{detector}/document', tag, scope: 'read', detector: 'path' },
    summary: 'Read the definition in force as a detector file. Its ETag is the version.',
    params: detectorParams,
    replies: { 200: { description: 'The file.', schema: written } },
    handle: async ({ params: { detector: name } }, { db }) => {
      const { version } = await getDetector(db, name);
      const text = yamlOf([await documentInForce(db, 'Detector', name, { defaults: false })]);
      return { status: 200, body: { detector: name, version, text }, headers: { etag: etagOf(version) } };
    },
  }),
  route({
    ...{ method: 'POST', path: '/v1/detectors/{detector}/diff', tag, scope: 'read', detector: 'path' },
    summary: 'Compare a detector file with the definition in force, and change nothing.',
    params: detectorParams,
    body: document,
    bodyForm: 'document',
    problems: [422],
    replies: { 200: { description: 'The differences, with every default filled in.', schema: differences } },
    handle: async ({ params, body }, { db }) => {
      const definition = parseDetector(body, 'the body');
      requireName(definition.name, params.detector);
      const { isNew, changes, nextModel } = await diffDocument(db, {
        kind: 'Detector',
        name: definition.name,
        definition,
      });
      return { status: 200, body: { detector: definition.name, isNew, changes, nextModel } };
    },
  }),
  route({
    ...{ method: 'POST', path: '/v1/detectors/{detector}/validate', tag, scope: 'read', detector: 'path' },
    summary: 'Check a detector file and change nothing.',
    params: detectorParams,
    body: document,
    bodyForm: 'document',
    problems: [422],
    replies: { 200: { description: 'The file is valid.', schema: valid } },
    handle: ({ params, body }) => {
      const { name, features } = parseDetector(body, 'the body');
      requireName(name, params.detector);
      const names = features.map((feature) => feature.name);
      return Promise.resolve({ status: 200, body: { valid: true, detector: name, features: names } });
    },
  }),
  route({
    ...{ method: 'POST', path: '/v1/detectors/{detector}/pause', tag, scope: 'operate', detector: 'path' },
    summary: 'Pause a detector: no scoring, no scheduled training, nothing is lost.',
    params: detectorParams,
    replies: { 200: { description: 'It is paused.', schema: changed } },
    handle: async ({ params: { detector: name } }, { db }) => {
      const isChanged = await pauseDetector(db, name);
      return { status: 200, body: { detector: name, state: 'paused', changed: isChanged } };
    },
  }),
  route({
    ...{ method: 'POST', path: '/v1/detectors/{detector}/resume', tag, scope: 'operate', detector: 'path' },
    summary: 'End a pause: scoring resumes at the event where it stopped.',
    params: detectorParams,
    replies: { 200: { description: 'It is active.', schema: changed } },
    handle: async ({ params: { detector: name } }, { db }) => {
      const isChanged = await resumeDetector(db, name);
      return { status: 200, body: { detector: name, state: 'active', changed: isChanged } };
    },
  }),
  route({
    ...{ method: 'GET', path: '/v1/detectors/{detector}/status', tag, scope: 'read', detector: 'path' },
    summary: 'Read which definition and model score, lag and alarms, and why the newest is not in use.',
    params: detectorParams,
    replies: { 200: { description: 'The state.', schema: status } },
    handle: async ({ params }, { db, settings }) => {
      const stored = await getDetector(db, params.detector);
      const [found] = await detectorStatuses(db, [stored], settings.kafka);
      return { status: 200, body: found };
    },
  }),
];

/** @throws FlowlineError FLOWLINE_CONFIG_INVALID if a file is of another detector than the path. */
export function requireName(inFile: string, inPath: string): void {
  if (inFile === inPath) return;
  throw new FlowlineError('FLOWLINE_CONFIG_INVALID', `The file is of the detector ${inFile}, the path of ${inPath}.`, {
    where: 'metadata.name',
    remedy: 'Make the two names equal.',
  });
}
