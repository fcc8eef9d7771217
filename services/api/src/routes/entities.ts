import { getDetector, readEntities } from '@flowline/db';
import { DAY_MS } from '@flowline/events';
import { z } from 'zod';

import { badRequest } from '../invalid-request.ts';
import { type Route, route } from '../route.ts';
import { detectorParams, moment, set, text, time, wholeNumber } from '../schemas.ts';

const MOST_ENTITIES = 100;
const MOST_CELLS = 100;
const MOST_DAYS = 366;

const entities = z.strictObject({
  ...{ detector: z.string(), from: time, to: time, seconds: z.number().describe('Length of an interval.') },
  entities: z
    .array(
      z.strictObject({
        entity: z.string(),
        anomalies: z.int(),
        worstBits: z.number(),
        last: time.describe('Its last anomaly.'),
        cells: z
          .array(z.strictObject({ cell: z.int(), anomalies: z.int(), worstBits: z.number() }))
          .describe('Intervals with anomalies, counted from 0 at `from`.'),
      }),
    )
    .describe('Those with the most anomalies, or the worst, first.'),
});

/** Routes of the entities of a detector. */
export const entityRoutes: readonly Route[] = [
  route({
    ...{ method: 'GET', path: '/v1/detectors/{detector}/entities', tag: 'anomalies', scope: 'read', detector: 'path' },
    summary: 'List the entities with the most anomalies, or the worst, of a time range, each over time.',
    params: detectorParams,
    query: z.strictObject({
      from: moment('Earliest event time, inclusive.'),
      to: moment(`Latest event time, exclusive; at most ${MOST_DAYS} days after \`from\`.`),
      entity: text.describe('Only entities with this text in their name.').optional(),
      order: z.enum(['anomalies', 'worst']).describe('`worst`: by the greatest surprise.').default('anomalies'),
      limit: wholeNumber(1, MOST_ENTITIES, 'Maximum entities.').default(30),
      cells: wholeNumber(1, MOST_CELLS, 'Intervals of the range.').default(48),
    }),
    replies: { 200: { description: 'The entities.', schema: entities } },
    handle: async ({ params: { detector }, query: { from, to, entity, order, limit, cells } }, { db }) => {
      const lengthMs = to.getTime() - from.getTime();
      if (lengthMs <= 0 || lengthMs > MOST_DAYS * DAY_MS)
        throw badRequest('to', `to is not within ${MOST_DAYS} days after from.`, 'Ask for a shorter range.');
      await getDetector(db, detector);
      const found = await readEntities(db, { detector, from, to, order, limit, cells, ...set({ entity }) });
      return { status: 200, body: { detector, from, to, seconds: lengthMs / 1_000 / cells, entities: found } };
    },
  }),
];
