import {
  acknowledgeAlert,
  type Database,
  alertMissing,
  getAlert,
  listAlerts,
  listAnomalies,
  type ListedAlertRow,
  snoozeAlert,
} from '@flowline/db';
import { LONGEST_SNOOZE_MS, resolveByHand } from '@flowline/operations';
import { z } from 'zod';

import type { Caller } from '../caller.ts';
import { fromCursor, toCursor } from '../cursor.ts';
import { badRequest } from '../invalid-request.ts';
import { type Route, route } from '../route.ts';
import { detectorFilter, moment, page, pageOf, set, text, time } from '../schemas.ts';
import { anomalySchema } from './anomalies.ts';

const tag = 'alerts';

/** Alert in a response. */
export const alertSchema = z.strictObject({
  alertId: z.uuid(),
  detector: z.string(),
  kind: z.string(),
  entity: z.string().nullable(),
  feature: z.string().nullable(),
  state: z.enum(['open', 'resolved']),
  severity: z.string(),
  count: z.int(),
  firstSeen: time,
  lastSeen: time,
  resolvedAt: time.nullable(),
  peakBits: z.number(),
  summary: z.string().nullable(),
  messages: z.int(),
  acknowledgedAt: time.nullable(),
  acknowledgedBy: z.string().nullable(),
  snoozedUntil: time.nullable(),
  peak: z.looseObject({}).nullable().describe('Its most surprising anomaly; null for a storm and an absence.'),
  storm: z.looseObject({}).nullable().describe('Openings by feature and the worst by name; null unless it is a storm.'),
  absence: z.looseObject({}).nullable().describe('The last event before the silence; null unless it is an absence.'),
  topic: z.string(),
  partition: z.int(),
  fingerprint: z.uuid(),
});
const shown = alertSchema.extend({ anomalies: pageOf(anomalySchema).describe('Its latest anomalies.') });

const alertParams = z.strictObject({ alertId: z.uuid().describe('Id of the alert.') });
const position = z.tuple([z.iso.datetime(), z.uuid()]);
/** Kinds of alerts. */
export const kinds = ['density', 'out_of_domain', 'absence', 'storm'] as const;
/** Severities of alerts, the mildest first. */
export const severities = ['info', 'warning', 'major', 'critical'] as const;
const ANOMALIES = 20;

const yesOrNo = (description: string) =>
  z
    .enum(['true', 'false'])
    .transform((written) => written === 'true')
    .meta({ description, type: 'boolean' });

/** Conditions by which alerts are filtered, in a query. */
export const alertFilter = {
  ...detectorFilter,
  state: z.enum(['open', 'resolved']).optional(),
  kind: z.enum(kinds).describe('Only alerts of this kind.').optional(),
  severity: z.enum(severities).optional(),
  entity: text.describe('Only this entity.').optional(),
  hasEntity: yesOrNo('Only alerts of an entity, or of none.').optional(),
  acknowledged: yesOrNo('Only alerts that somebody has seen, or nobody has.').optional(),
  from: moment('Earliest time of the last anomaly, inclusive.').optional(),
  to: moment('Latest time of the last anomaly, exclusive.').optional(),
};

const one = (description: string) => ({ 200: { description, schema: alertSchema } });

/** Routes of alerts. */
export const alertRoutes: readonly Route[] = [
  route({
    ...{ method: 'GET', path: '/v1/alerts', tag, scope: 'read', detector: 'list' },
    summary: 'List alerts, the one with the latest anomaly first.',
    query: z.strictObject({ ...alertFilter, ...page }),
    replies: { 200: { description: 'A page of alerts.', schema: pageOf(alertSchema) } },
    handle: async ({ query: { cursor, detector, ...filter }, caller }, { db }) => {
      const after = fromCursor(cursor, position);
      const at = after === undefined ? {} : { after: { lastSeen: new Date(after[0]), alertId: after[1] } };
      const named = set({ ...filter, detector: caller?.detectorOfList(detector) });
      const { items, next } = await listAlerts(db, { ...named, ...at });
      const end = next === null ? null : [next.lastSeen, next.alertId];
      return { status: 200, body: { items, next: toCursor(end) } };
    },
  }),
  route({
    ...{ method: 'GET', path: '/v1/alerts/{alertId}', tag, scope: 'read', detector: 'resource' },
    summary: 'Read an alert with its latest anomalies.',
    params: alertParams,
    replies: { 200: { description: 'The alert.', schema: shown } },
    handle: async ({ params: { alertId }, caller }, { db }) => {
      const alert = await visible(db, alertId, caller);
      const { items, next } = await listAnomalies(db, { alertId, limit: ANOMALIES });
      const end = next === null ? null : [next.eventTime, next.anomalyId];
      return { status: 200, body: { ...alert, anomalies: { items, next: toCursor(end) } } };
    },
  }),
  route({
    ...{ method: 'POST', path: '/v1/alerts/{alertId}/ack', tag, scope: 'operate', detector: 'resource' },
    summary: 'Note that you have seen an alert. The first name stays.',
    params: alertParams,
    replies: one('It is acknowledged.'),
    handle: async ({ params: { alertId }, caller }, { db }) => {
      await visible(db, alertId, caller);
      await acknowledgeAlert(db, alertId, caller?.token.name ?? '');
      return { status: 200, body: await visible(db, alertId, caller) };
    },
  }),
  route({
    ...{ method: 'POST', path: '/v1/alerts/{alertId}/snooze', tag, scope: 'operate', detector: 'resource' },
    summary: 'Hold back the messages of an alert until a time; its resolution is still told.',
    params: alertParams,
    body: z.strictObject({
      until: z.iso.datetime({ offset: true }).nullable().describe('End, within a year; null ends it now.'),
    }),
    replies: one('It is snoozed, or no longer.'),
    handle: async ({ params: { alertId }, body: { until }, caller }, { db }) => {
      await visible(db, alertId, caller);
      await snoozeAlert(db, alertId, until === null ? null : futureTime(until));
      return { status: 200, body: await visible(db, alertId, caller) };
    },
  }),
  route({
    ...{ method: 'POST', path: '/v1/alerts/{alertId}/resolve', tag, scope: 'operate', detector: 'resource' },
    summary: 'Resolve an open alert by hand, and tell its sinks. One that is resolved stays as it is.',
    params: alertParams,
    replies: one('It is resolved.'),
    handle: async ({ params: { alertId }, caller }, { db }) => {
      await resolveByHand(db, await visible(db, alertId, caller));
      return { status: 200, body: await visible(db, alertId, caller) };
    },
  }),
];

/** @throws FlowlineError FLOWLINE_NOT_FOUND, also if the token is not for its detector. */
async function visible(db: Database, alertId: string, caller: Caller | null): Promise<ListedAlertRow> {
  const alert = await getAlert(db, alertId);
  if (alert !== null && caller?.mayTouch(alert.detector) === true) return alert;
  throw alertMissing(alertId);
}

/** @throws FlowlineError FLOWLINE_REQUEST_INVALID unless a time is within the next year. */
export function futureTime(written: string): Date {
  const until = new Date(written);
  const aheadMs = until.getTime() - Date.now();
  if (aheadMs > 0 && aheadMs <= LONGEST_SNOOZE_MS) return until;
  throw badRequest('body', `until is ${written}, which is not within the next year.`, 'Send a time ahead, or null.');
}
