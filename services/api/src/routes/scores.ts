import { getDetector, listScores } from '@flowline/db';
import { DAY_MS } from '@flowline/events';
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

/** Time as Postgres writes it, to the microsecond. */
const TIME =
  /^(\d{4,6})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01]) ([01]\d|2[0-3])(:[0-5]\d){2}(\.\d{1,6})?[+-](0\d|1[0-4])$/;
const LAST_YEAR = 275_760;

/** True for a time that there is: Postgres refuses any other. */
function isTime(written: string): boolean {
  const [, year = 0, month = 0, day = 0] = (TIME.exec(written) ?? []).map(Number);
  const daysOfMonth = new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate();
  return year > 0 && year <= LAST_YEAR && day <= daysOfMonth;
}

const position = z.strictObject({
  time: z.string().refine(isTime),
  topic: text,
  partition: z.int().nonnegative().max(2_147_483_647),
  offset: z.int().nonnegative(),
});

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
