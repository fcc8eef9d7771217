import { detectorPage, pageEnd, readAlarmDays, readLoad } from '@flowline/db';
import { detectorStatuses } from '@flowline/operations';
import { z } from 'zod';

import { fromCursor, toCursor } from '../cursor.ts';
import { type Route, route } from '../route.ts';
import { detectorName, page, pageOf, set, time } from '../schemas.ts';

const DAYS = 14;

const count = z.int().nonnegative();
const overview = z.strictObject({
  detector: z.string(),
  state: z.enum(['scoring', 'waiting', 'paused']),
  findings: z
    .array(z.strictObject({ code: z.string(), reason: z.string(), remedy: z.string() }))
    .describe('Why the definition or the newest model is not in use, most important first.'),
  definitionVersion: z.int(),
  champion: z.int().nullable(),
  modelTrainedAt: time.nullable().describe('Creation of the champion.'),
  scorerSeenAt: time.nullable().describe('Last report of a scorer.'),
  scored: count.describe('Events that models have scored in all: its growth is the rate.'),
  lag: z.number().nullable().describe('Records of the topic that are not stored yet; null if it is unknown.'),
  openAlerts: z.record(z.string(), count).describe('Open alerts by severity.'),
  days: z
    .array(z.strictObject({ day: z.iso.date(), events: count, expected: z.number(), measured: count }))
    .describe('Alarms by UTC day of event time, 14 days up to that of the last event.'),
});

/** Routes of what one look at all detectors shows. */
export const overviewRoutes: readonly Route[] = [
  route({
    ...{ method: 'GET', path: '/v1/overview', tag: 'detectors', scope: 'read', detector: 'none' },
    summary: 'Read the state, load, alarms and open alerts of the detectors that the token is for, by name.',
    query: z.strictObject(page),
    replies: { 200: { description: 'A page of detectors.', schema: pageOf(overview) } },
    handle: async ({ query: { limit, cursor }, caller }, { db, settings }) => {
      const range = { names: caller?.token.detectors ?? undefined, after: fromCursor(cursor, detectorName) };
      const stored = await detectorPage(db, { limit, ...set(range) });
      const statuses = await detectorStatuses(db, stored, settings.kafka);
      const items = await Promise.all(
        statuses.map(async ({ detector, state, findings, definition, aliases, scoring, lag }) => {
          const { alerts, scored, modelTrainedAt } = await readLoad(db, detector);
          return {
            ...{ detector, state, findings, definitionVersion: definition.version, champion: aliases.champion },
            ...{ modelTrainedAt, scorerSeenAt: scoring?.seenAt ?? null, scored, openAlerts: alerts },
            lag: lag?.records ?? null,
            days: await readAlarmDays(db, detector, DAYS),
          };
        }),
      );
      return { status: 200, body: { items, next: toCursor(pageEnd(stored, limit)?.name ?? null) } };
    },
  }),
];
