import { anomalyMissing, getAnomaly, listAnomalies, mostSurprising, type StoredAnomaly } from '@flowline/db';
import { z } from 'zod';

import type { Caller } from '../caller.ts';
import { fromCursor, toCursor } from '../cursor.ts';
import { badRequest } from '../invalid-request.ts';
import { type Route, route } from '../route.ts';
import { detectorFilter, moment, page, pageOf, probability, rowId, set, text, time, values } from '../schemas.ts';
import { expectedRange } from './expected-range.ts';

const tag = 'anomalies';

/** Anomaly in a response. */
export const anomalySchema = z.strictObject({
  anomalyId: z.int(),
  alertId: z.uuid().nullable().describe('Its alert; null for one that is suppressed.'),
  detector: z.string(),
  detectorVersion: z.int(),
  modelVersion: z.int(),
  topic: z.string(),
  partition: z.int(),
  offset: z.int(),
  eventId: z.string(),
  eventTime: time,
  entity: z.string().nullable(),
  scoredAt: time,
  reason: z.string(),
  logDensityNats: z.number().nullable().describe('Null where the density is zero.'),
  pValue: z.number(),
  pMethod: z.string(),
  surpriseBits: z.number(),
  topFeature: z.string().nullable(),
  summary: z.string(),
  observed: values,
  expected: z.record(z.string(), expectedRange),
  contributions: z.array(z.strictObject({ feature: z.string(), bits: z.number(), direction: z.string() })),
  nearestNormal: values.nullable(),
  explanationFollows: z.boolean(),
  rules: z.array(z.string()).describe('Names of the rules that it met, and `calendar/NAME`.'),
  suppressedBy: z.string().nullable().describe('Rule, calendar or bound that keeps it out of alerts.'),
});

const position = z.tuple([z.iso.datetime(), z.int().positive()]);

const query = z.strictObject({
  ...detectorFilter,
  entity: text.describe('Only this entity.').optional(),
  feature: text.describe('Only anomalies to which this feature contributes most.').optional(),
  event: text.describe('Only the event with this id.').optional(),
  alert: z.uuid().describe('Only those of this alert.').optional(),
  from: moment('Earliest event time, inclusive.').optional(),
  to: moment('Latest event time, exclusive.').optional(),
  maxPValue: probability('Greatest p-value.').optional(),
  order: z
    .enum(['time', 'surprise'])
    .describe('`surprise`: the most surprising first, without further pages.')
    .default('time'),
  ...page,
});

/** Routes of anomalies. */
export const anomalyRoutes: readonly Route[] = [
  route({
    ...{ method: 'GET', path: '/v1/anomalies', tag, scope: 'read', detector: 'list' },
    summary: 'List anomalies, the latest or the most surprising first.',
    query,
    replies: { 200: { description: 'A page of anomalies.', schema: pageOf(anomalySchema) } },
    handle: async ({ query: { event, alert, order, cursor, detector, ...filter }, caller }, { db }) => {
      const after = fromCursor(cursor, position);
      const named = { detector: caller?.detectorOfList(detector), eventId: event, alertId: alert };
      const conditions = { limit: filter.limit, ...set({ ...filter, ...named }) };
      if (order === 'surprise') {
        if (after !== undefined) throw badRequest('cursor', 'The order surprise has one page.', 'Raise limit instead.');
        return { status: 200, body: { items: await mostSurprising(db, conditions), next: null } };
      }
      const at = after === undefined ? {} : { after: { eventTime: new Date(after[0]), anomalyId: after[1] } };
      const { items, next } = await listAnomalies(db, { ...conditions, ...at });
      const end = next === null ? null : [next.eventTime, next.anomalyId];
      return { status: 200, body: { items, next: toCursor(end) } };
    },
  }),
  route({
    ...{ method: 'GET', path: '/v1/anomalies/{anomalyId}', tag, scope: 'read', detector: 'resource' },
    summary: 'Read an anomaly, with its explanation.',
    params: z.strictObject({ anomalyId: rowId('Id of the anomaly.') }),
    replies: { 200: { description: 'The anomaly.', schema: anomalySchema } },
    handle: async ({ params: { anomalyId }, caller }, { db }) => ({
      status: 200,
      body: visible(await getAnomaly(db, anomalyId), anomalyId, caller),
    }),
  }),
];

/** @throws FlowlineError FLOWLINE_NOT_FOUND, also if the token is not for its detector. */
function visible(anomaly: StoredAnomaly | null, id: number, caller: Caller | null): StoredAnomaly {
  if (anomaly !== null && caller?.mayTouch(anomaly.detector) === true) return anomaly;
  throw anomalyMissing(id);
}
