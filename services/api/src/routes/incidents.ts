import { alertMissing, type AlertSelection, type Database, listIncidents, readAlerts } from '@flowline/db';
import { actOnAlerts, type AlertAction } from '@flowline/operations';
import { z } from 'zod';

import type { Caller } from '../caller.ts';
import { fromCursor, toCursor } from '../cursor.ts';
import { badRequest } from '../invalid-request.ts';
import { type Route, route } from '../route.ts';
import { detectorName, page, pageOf, set, text, time } from '../schemas.ts';
import { alertFilter, alertSchema, futureTime, kinds, severities } from './alerts.ts';

const count = z.int().nonnegative();
const incident = z.strictObject({
  incidentId: z.uuid().describe('Id of the alert that began it.'),
  entity: z.string().nullable().describe('Its only entity; null for several, and for none.'),
  entities: count,
  detectors: z.array(z.string()),
  alerts: count,
  open: count,
  unseen: count.describe('Alerts that nobody has acknowledged.'),
  severities: z.record(z.string(), count).describe('Alerts by severity.'),
  severity: z.enum(severities).describe('The greatest.'),
  anomalies: count,
  firstSeen: time,
  lastSeen: time,
  peakBits: z.number(),
  features: z
    .array(z.strictObject({ feature: z.string(), alerts: count }))
    .describe('Features that most of its alerts are about, at most three.'),
  worst: alertSchema.describe('Its most severe alert, and of these the most surprising.'),
});

const position = z.tuple([z.iso.datetime(), z.uuid()]);
const MOST_NAMED = 1_000;

/** Conditions by which alerts are filtered, in a body. */
const selection = z.strictObject({
  detector: detectorName.optional(),
  state: z.enum(['open', 'resolved']).optional(),
  kind: z.enum(kinds).optional(),
  severity: z.enum(severities).optional(),
  entity: text.optional(),
  hasEntity: z.boolean().optional(),
  acknowledged: z.boolean().optional(),
  from: z.iso.datetime({ offset: true }).describe('Earliest time of the last anomaly, inclusive.').optional(),
  to: z.iso.datetime({ offset: true }).describe('Latest time of the last anomaly, exclusive.').optional(),
});
const actions = z.strictObject({
  action: z.enum(['ack', 'snooze', 'resolve']),
  until: z.iso
    .datetime({ offset: true })
    .nullable()
    .describe('End of a snooze, within a year; null ends it now. Only with `snooze`.')
    .optional(),
  alertIds: z.array(z.uuid()).min(1).max(MOST_NAMED).describe('These alerts.').optional(),
  where: selection.describe('All alerts that meet these conditions, as those of the list.').optional(),
});
type Actions = z.output<typeof actions>;

const acted = z.strictObject({
  changed: count.describe('Alerts that were changed.'),
  more: z.boolean().describe('True if more may be left to change: send the same again.'),
});

/** Routes of alerts that belong together. */
export const incidentRoutes: readonly Route[] = [
  route({
    ...{ method: 'GET', path: '/v1/incidents', tag: 'alerts', scope: 'read', detector: 'list' },
    summary: 'Group alerts that overlap in time by detector or entity, the group with the latest anomaly first.',
    query: z.strictObject({
      by: z
        .enum(['detector', 'entity'])
        .describe('Alerts without an entity are grouped by detector.')
        .default('detector'),
      ...alertFilter,
      ...page,
    }),
    replies: { 200: { description: 'A page of incidents.', schema: pageOf(incident) } },
    handle: async ({ query: { cursor, by, detector, ...filter }, caller }, { db }) => {
      const after = fromCursor(cursor, position);
      const at = after === undefined ? {} : { after: { lastSeen: new Date(after[0]), incidentId: after[1] } };
      const named = set({ ...filter, detector: caller?.detectorOfList(detector) });
      const { items, next } = await listIncidents(db, { ...named, ...at, byEntity: by === 'entity' });
      const end = next === null ? null : [next.lastSeen, next.incidentId];
      return { status: 200, body: { items, next: toCursor(end) } };
    },
  }),
  route({
    ...{ method: 'POST', path: '/v1/alerts/actions', tag: 'alerts', scope: 'operate', detector: 'resource' },
    summary: 'Acknowledge, snooze or resolve several alerts: those that are named, or all that meet conditions.',
    problems: [404],
    body: actions,
    replies: { 200: { description: 'At most 1,000 of them are changed.', schema: acted } },
    handle: async ({ body, caller }, { db }) => ({
      status: 200,
      body: await actOnAlerts(db, await selectionOf(db, body, caller), actionOf(body, caller)),
    }),
  }),
];

/**
 * @throws FlowlineError FLOWLINE_REQUEST_INVALID, FLOWLINE_FORBIDDEN; FLOWLINE_NOT_FOUND for an
 * alert that there is not, or that the token is not for.
 */
async function selectionOf(db: Database, { alertIds, where }: Actions, caller: Caller | null): Promise<AlertSelection> {
  if (alertIds !== undefined && where === undefined) {
    const found = await readAlerts(db, alertIds);
    const theirs = new Set(
      found.flatMap((alert) => (caller?.mayTouch(alert.detector) === true ? [alert.alertId] : [])),
    );
    const missing = alertIds.find((alertId) => !theirs.has(alertId.toLowerCase()));
    if (missing !== undefined) throw alertMissing(missing);
    return { alertIds };
  }
  if (where === undefined || alertIds !== undefined) {
    throw badRequest('body', 'Expected exactly one of alertIds and where.', 'Name alerts, or give conditions.');
  }
  const { from, to, detector, ...filter } = where;
  const timeOf = (written: string | undefined) => (written === undefined ? undefined : new Date(written));
  const times = { from: timeOf(from), to: timeOf(to) };
  return set({ ...filter, ...times, detector: caller?.detectorOfList(detector) });
}

function actionOf({ action, until }: Actions, caller: Caller | null): AlertAction {
  if ((action === 'snooze') !== (until !== undefined)) {
    const finding = action === 'snooze' ? 'A snooze has no end.' : `until is of no use with ${action}.`;
    throw badRequest('until', finding, 'Send until with snooze, and only then.');
  }
  if (action === 'ack') return { action, by: caller?.token.name ?? '' };
  if (action === 'resolve') return { action };
  return { action, until: until == null ? null : futureTime(until) };
}
