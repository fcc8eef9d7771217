import { parseDetector } from '@flowline/config';
import { getDetector, listDetectorVersions, pageEnd } from '@flowline/db';
import { previewDefinition, versionChanges } from '@flowline/operations';
import { z } from 'zod';

import { fromCursor, toCursor } from '../cursor.ts';
import { type Route, route } from '../route.ts';
import { withinBudget } from '../scoring/time-budget.ts';
import { detectorName, detectorParams, documentOf, page, pageOf, set, time, version } from '../schemas.ts';
import { requireName } from './detectors.ts';

const tag = 'detectors';
const count = z.int().nonnegative();

const side = z
  .strictObject({
    alpha: z.number().describe('Threshold of the p-value.'),
    alphaNote: z.string().nullable().describe('Why alpha is not the one asked for; null if it is.'),
    anomalies: z.number().describe('Events that are anomalies; a fraction where some are estimated.'),
    suppressed: count.describe('Anomalies that rules, calendars and bounds keep out of alerts.'),
    ...{ alerts: count, storms: count },
    pages: count.describe('Messages that an alert opened, reopened or escalated.'),
    messages: count.describe('All messages, per sink.'),
  })
  .nullable();
const preview = z.strictObject({
  detector: z.string(),
  nextModel: z.array(z.string()).describe('Options that take effect with the next model, and are left out.'),
  range: z.strictObject({ from: time, to: time, events: count }).nullable().describe('Last day of the stream.'),
  unknown: z.string().nullable().describe('Why nothing can be shown; null if it can.'),
  before: side.describe('With the definition in force.'),
  after: side.describe('With the definition of the file.'),
  isPartial: z.boolean().describe('True if events are anomalies that were none: no alert of theirs is counted.'),
  more: z.boolean().describe('True if there are more than 20,000 anomalies: the latest are examined.'),
});
const changes = z.array(
  z.strictObject({
    path: z.string(),
    from: z.unknown().describe('Absent if it was not there.'),
    to: z.unknown().describe('Absent if it goes.'),
  }),
);

/** Routes about definitions: preview of one, and what changed from version to version. */
export const definitionRoutes: readonly Route[] = [
  route({
    ...{ method: 'POST', path: '/v1/detectors/{detector}/preview', tag, scope: 'read', detector: 'path' },
    summary: 'Show what a detector file would have done with the last day of stored events; change nothing.',
    params: detectorParams,
    body: documentOf('Detector file; its JSON Schema is that of `flowline schema`.'),
    bodyForm: 'document',
    problems: [404, 413, 422],
    replies: { 200: { description: 'Its effect, beside that of the definition in force.', schema: preview } },
    handle: async ({ params: { detector }, body, signal: gone }, { db, models }) => {
      const definition = parseDetector(body, 'the body');
      requireName(definition.name, detector);
      const run = (signal: AbortSignal) => previewDefinition(db, definition, signal);
      const found = await models.inTurn('the preview', () => withinBudget(run, gone), gone);
      return { status: 200, body: { detector, ...found } };
    },
  }),
  route({
    ...{ method: 'GET', path: '/v1/detectors/{detector}/versions', tag, scope: 'read', detector: 'path' },
    summary: 'List the versions of a definition, newest first.',
    params: detectorParams,
    query: z.strictObject(page),
    replies: {
      200: {
        description: 'A page of versions.',
        schema: pageOf(z.strictObject({ version: z.int(), appliedAt: time })),
      },
    },
    handle: async ({ params: { detector }, query: { limit, cursor } }, { db }) => {
      await getDetector(db, detector);
      const before = fromCursor(cursor, z.int().positive());
      const items = await listDetectorVersions(db, detector, { limit, ...set({ before }) });
      return { status: 200, body: { items, next: toCursor(pageEnd(items, limit)?.version ?? null) } };
    },
  }),
  route({
    ...{
      method: 'GET',
      path: '/v1/detectors/{detector}/versions/{version}/changes',
      tag,
      scope: 'read',
      detector: 'path',
    },
    summary: 'Compare a version of a definition with an earlier one, with every default filled in.',
    params: z.strictObject({ detector: detectorName, version: version('Version of the definition.') }),
    query: z.strictObject({ from: version('Version to compare with (default: the one before).').optional() }),
    replies: {
      200: {
        description: 'The differences.',
        schema: z.strictObject({ detector: z.string(), from: z.int(), to: z.int(), changes }),
      },
    },
    handle: async ({ params: { detector, version: to }, query }, { db }) => {
      const from = query.from ?? Math.max(1, to - 1);
      return { status: 200, body: { detector, from, to, changes: await versionChanges(db, detector, from, to) } };
    },
  }),
];
