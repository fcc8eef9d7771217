import { getDetector, readModelEvents } from '@flowline/db';
import { z } from 'zod';

import { type Route, route } from '../route.ts';
import { withinBudget } from '../scoring/time-budget.ts';
import { detectorParams, version } from '../schemas.ts';
import { storedModel } from './models.ts';

const MOST_EVENTS = 1_500;

const shares = z.array(z.number());
const fit = z.strictObject({
  ...{ detector: z.string(), modelVersion: z.int() },
  events: z.int().describe('Stored events of the last day on which the model scored, at most 1,500.'),
  drawn: z.int().describe('Events drawn from the model.'),
  compared: z.int().describe('Events whose PITs are counted.'),
  features: z
    .array(
      z.strictObject({
        feature: z.string(),
        edges: z.array(z.number()).nullable().describe('Edges of the cells of a number; null of a level.'),
        levels: z.array(z.string()).describe('The most frequent levels; empty for a number.'),
        events: shares.describe('Shares of the events by cell or level, of those that have a value.'),
        drawn: shares.describe('Shares of the drawn events.'),
        missing: z
          .strictObject({ events: z.number(), drawn: z.number() })
          .describe('Shares of the events, and of the drawn ones, that have no value.'),
        distance: z.number().describe('Distance of the two, 0 to 1.'),
        pits: z
          .array(z.int())
          .nullable()
          .describe('Counts of P(feature ≤ its value | the rest) in ten cells; null of context.'),
      }),
    )
    .describe('Features but cyclic ones; that whose values differ most first.'),
  calibration: z
    .array(z.strictObject({ expected: z.number(), measured: z.number() }))
    .describe('Shares of the events at or below p-values.'),
});

/** Route that compares a model with the events that it has scored. */
export const modelFitRoutes: readonly Route[] = [
  route({
    ...{ method: 'GET', path: '/v1/detectors/{detector}/models/{version}/fit', tag: 'models', scope: 'read' },
    // 422: stored events that are not of the model's features.
    ...{ detector: 'path', problems: [413, 422] },
    summary: 'Compare stored events that a model has scored with events drawn from it, feature by feature.',
    params: detectorParams.extend({ version: version('Version of the model.') }),
    replies: { 200: { description: 'The comparison; without events, it has no features.', schema: fit } },
    handle: async ({ params: { detector, version: modelVersion }, signal }, { db, models }) => {
      await getDetector(db, detector);
      await storedModel(db, detector, modelVersion);
      const rows = await readModelEvents(db, { detector, modelVersion, most: MOST_EVENTS });
      const named = { detector, modelVersion };
      if (rows.length === 0) {
        return { status: 200, body: { ...named, events: 0, drawn: 0, compared: 0, features: [], calibration: [] } };
      }
      const { modelFit } = await import('@flowline/operations/scoring');
      const found = await models.use(
        detector,
        (used) => withinBudget((budget) => modelFit(used.detector, rows, budget), signal),
        { signal, modelVersion },
      );
      return { status: 200, body: { ...named, ...found } };
    },
  }),
];
