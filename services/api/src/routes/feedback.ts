import {
  alertMissing,
  anomalyMissing,
  type Database,
  type FeedbackTarget,
  getAlert,
  getAnomaly,
  giveFeedback,
  listFeedback,
  type NewFeedback,
  verdicts,
  pageEnd,
} from '@flowline/db';
import { z } from 'zod';

import type { Caller } from '../caller.ts';
import { fromCursor, toCursor } from '../cursor.ts';
import { type Reply, type Route, route } from '../route.ts';
import { page, pageOf, rowId, time } from '../schemas.ts';

const tag = 'feedback';
const MAX_NOTE = 4_000;

const verdict = z
  .enum(verdicts)
  .describe('`confirmed` excludes the event from training; `expected` three times proposes a rule.');

const feedbackSchema = z.strictObject({
  feedbackId: z.int(),
  detector: z.string(),
  anomalyId: z.int().nullable().describe('The anomaly; null for an answer to an alert.'),
  alertId: z.uuid().nullable(),
  verdict,
  note: z.string().nullable(),
  by: z.string().describe('Name of the token, or who gave it otherwise.'),
  at: time,
  eventTime: time,
  entity: z.string().nullable(),
  feature: z.string().nullable(),
  direction: z.string().nullable(),
  surpriseBits: z.number(),
  counts: z.boolean().describe('True for the latest answer to the same anomaly or alert.'),
});

const anomalyParams = z.strictObject({ anomalyId: rowId('Id of the anomaly.') });
const alertParams = z.strictObject({ alertId: z.uuid().describe('Id of the alert.') });
const body = z.strictObject({
  verdict,
  note: z
    .string()
    .max(MAX_NOTE)
    .regex(/^[^\0]*$/u, 'expected text without NUL')
    .nullable()
    .optional(),
});
const query = z.strictObject(page);
type PageQuery = z.output<typeof query>;

const stored = { 201: { description: 'The answer, which counts from now on.', schema: feedbackSchema } };
const listed = { 200: { description: 'A page of answers, the latest first.', schema: pageOf(feedbackSchema) } };
const reading = { method: 'GET', tag, scope: 'read', detector: 'resource', query, replies: listed } as const;
const giving = { method: 'POST', tag, scope: 'operate', detector: 'resource', body, replies: stored } as const;

/** Routes of feedback: what people say about anomalies and alerts. */
export const feedbackRoutes: readonly Route[] = [
  route({
    ...giving,
    path: '/v1/anomalies/{anomalyId}/feedback',
    summary: 'Say what an anomaly was. The latest answer counts; all are kept.',
    params: anomalyParams,
    handle: ({ params, body: given, caller }, { db }) => give(db, params, given, caller),
  }),
  route({
    ...reading,
    path: '/v1/anomalies/{anomalyId}/feedback',
    summary: 'List what was said about an anomaly, the latest first.',
    params: anomalyParams,
    handle: ({ params, query: asked, caller }, { db }) => list(db, params, asked, caller),
  }),
  route({
    ...giving,
    path: '/v1/alerts/{alertId}/feedback',
    summary: 'Say what an alert was: an answer for the anomalies that it has by now.',
    params: alertParams,
    handle: ({ params, body: given, caller }, { db }) => give(db, params, given, caller),
  }),
  route({
    ...reading,
    path: '/v1/alerts/{alertId}/feedback',
    summary: 'List what was said about an alert, the latest first.',
    params: alertParams,
    handle: ({ params, query: asked, caller }, { db }) => list(db, params, asked, caller),
  }),
];

async function give(
  db: Database,
  target: FeedbackTarget,
  { verdict, note = null }: { readonly verdict: NewFeedback['verdict']; readonly note?: string | null | undefined },
  caller: Caller | null,
): Promise<Reply> {
  await checkVisible(db, target, caller);
  return { status: 201, body: await giveFeedback(db, target, { verdict, note, by: caller?.token.name ?? null }) };
}

async function list(
  db: Database,
  target: FeedbackTarget,
  { limit, cursor }: PageQuery,
  caller: Caller | null,
): Promise<Reply> {
  await checkVisible(db, target, caller);
  const before = fromCursor(cursor, z.int().positive());
  const items = await listFeedback(db, { ...target, limit, ...(before === undefined ? {} : { before }) });
  const next = pageEnd(items, limit)?.feedbackId ?? null;
  return { status: 200, body: { items, next: toCursor(next) } };
}

/** @throws FlowlineError FLOWLINE_NOT_FOUND, also if the token is not for its detector. */
async function checkVisible(db: Database, target: FeedbackTarget, caller: Caller | null): Promise<void> {
  const isAlert = 'alertId' in target;
  const found = isAlert ? await getAlert(db, target.alertId) : await getAnomaly(db, target.anomalyId);
  if (found !== null && caller?.mayTouch(found.detector) === true) return;
  throw isAlert ? alertMissing(target.alertId) : anomalyMissing(target.anomalyId);
}
