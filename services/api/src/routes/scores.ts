import { getDetector, listScores } from '@flowline/db';
import { z } from 'zod';

import { fromCursor, toCursor } from '../cursor.ts';
import { badRequest } from '../invalid-request.ts';
import { type Route, route } from '../route.ts';
import { detectorParams, moment, page, pageOf, set, text, time } from '../schemas.ts';

const tag = 'scores';

const score = z.strictObject({
  detector: z.string(),
  detectorVersion: z.int(),
  modelVersion: z.int().nullable().describe('Null for an event from before the first model, which has no score.'),
  topic: z.string(),
  partition: z.int(),
  offset: z.int(),
  eventId: z.string(),
  eventTime: time,
  scoredAt: time,
  entity: z.string().nullable(),
  logDensityNats: z.number().nullable(),
  pValue: z.number().nullable(),
  pMethod: z.string().nullable(),
  isAnomaly: z.boolean(),
});

const position = z.strictObject({
  time: z.string().regex(/^\d{4,6}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})?[+-]\d\d$/),
  topic: text,
  partition: z.int().nonnegative(),
  offset: z.int().nonnegative(),
});

const DAY_MS = 86_400_000;
/** Maximum range of one request: every page sorts what is left of it. */
const MOST_DAYS = 31;

const query = z.strictObject({
  from: moment('Earliest event time, inclusive.'),
  to: moment(`Latest event time, exclusive; at most ${MOST_DAYS} days after \`from\`.`),
  entity: text.describe('Only this entity.').optional(),
  ...page,
});

/** Routes of stored scores. */
export const scoreRoutes: readonly Route[] = [
  route({
    ...{ method: 'GET', path: '/v1/detectors/{detector}/scores', tag, scope: 'read', detector: 'path' },
    summary: 'List the stored events of a time range with their scores, the latest first.',
    params: detectorParams,
    query,
    replies: { 200: { description: 'A page of scores.', schema: pageOf(score) } },
    handle: async ({ params: { detector }, query: { from, to, entity, limit, cursor } }, { db }) => {
      const rangeMs = to.getTime() - from.getTime();
      if (rangeMs <= 0 || rangeMs > MOST_DAYS * DAY_MS) {
        throw badRequest('to', `to is not within ${MOST_DAYS} days after from.`, 'Ask for a shorter range.');
      }
      const after = fromCursor(cursor, position);
      await getDetector(db, detector);
      const { items, next } = await listScores(db, { detector, from, to, limit, ...set({ entity, after }) });
      return { status: 200, body: { items, next: toCursor(next) } };
    },
  }),
];
