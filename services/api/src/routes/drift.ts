import { getDetector, listDriftDays, pageEnd } from '@flowline/db';
import { z } from 'zod';

import { fromCursor, toCursor } from '../cursor.ts';
import { type Route, route } from '../route.ts';
import { detectorParams, MAX_VERSION, page, pageOf, set, time } from '../schemas.ts';

const feature = z.strictObject({
  feature: z.string(),
  pit: z.enum(['conditional', 'marginal']).describe('Compared given the other features, or by itself.'),
  drifted: z.boolean(),
  change: z
    .enum(['higher', 'lower', 'missing more often', 'missing less often', 'spread otherwise'])
    .nullable()
    .describe('Way in which it has moved, given the other features if conditional; null unless it has drifted.'),
  evidence: z.number().describe('Decimal logarithm.'),
  distance: z.number().describe('Distance from the first days, 0 to 1.'),
  compared: z.int(),
  meanPit: z
    .number()
    .nullable()
    .describe('Mean of P(feature ≤ its value), given the rest if conditional; null if all are missing.'),
  missingShare: z.number(),
});
const checkedDay = z.strictObject({
  detector: z.string(),
  modelVersion: z.int(),
  day: z.iso.date().describe('UTC day of scoring.'),
  events: z.int(),
  compared: z.int().describe('Number of p-values compared.'),
  referenceDays: z.int().describe('Number of days compared with; 0 for the first.'),
  evidence: z.number().describe('Decimal logarithm; drifted from 4.'),
  drifted: z.boolean().describe('True if the p-values have drifted.'),
  checkedAt: time,
  features: z
    .array(feature)
    .describe('One per feature and kind; those that have drifted first, the farthest before the others.'),
});
const position = z.strictObject({ modelVersion: z.int().min(1).max(MAX_VERSION), day: z.iso.date() });

/** Routes of drift. */
export const driftRoutes: readonly Route[] = [
  route({
    ...{ method: 'GET', path: '/v1/detectors/{detector}/drift', tag: 'detectors', scope: 'read', detector: 'path' },
    summary: 'List the days that were checked for drift with the features that moved, newest model and day first.',
    params: detectorParams,
    query: z.strictObject(page),
    replies: { 200: { description: 'A page of days.', schema: pageOf(checkedDay) } },
    handle: async ({ params: { detector }, query: { limit, cursor } }, { db }) => {
      const before = fromCursor(cursor, position);
      await getDetector(db, detector);
      const items = await listDriftDays(db, { detector, limit, ...set({ before }) });
      const end = pageEnd(items, limit);
      const next = end === null ? null : { modelVersion: end.modelVersion, day: end.day };
      return { status: 200, body: { items, next: toCursor(next) } };
    },
  }),
];
