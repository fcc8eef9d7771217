import { parseDocuments } from '@flowline/config';
import { DAY_MS } from '@flowline/events';
import { dryRun, testSink } from '@flowline/operations/documents';
import { z } from 'zod';

import { type Route, route } from '../route.ts';
import { withinBudget } from '../scoring/time-budget.ts';
import { documentOf, moment, resourceName, time } from '../schemas.ts';
import { withoutBrokers } from '../without-brokers.ts';

/** Maximum anomalies of a dry run; the command examines ten times as many. */
const MOST_EXAMINED = 20_000;
const DEFAULT_DAYS = 7;

const effect = z.strictObject({
  day: z.iso.date().describe('UTC day.'),
  detector: z.string(),
  entity: z.string().nullable(),
  anomalies: z.int(),
  suppressed: z.int(),
  downgraded: z.int(),
  tagged: z.int(),
  excludedFromTraining: z.int(),
});
const touched = z.strictObject({
  ...{ alertId: z.uuid(), detector: z.string(), entity: z.string().nullable(), severity: z.string() },
  ...{ summary: z.string().nullable(), count: z.int(), firstSeen: time, lastSeen: time },
  suppressed: z.int().describe('Anomalies of it that would have been suppressed.'),
  ...{ downgraded: z.int(), tagged: z.int() },
  isGone: z.boolean().describe('True if all of its anomalies would have been suppressed: it would not have opened.'),
});
const dryRunResult = z.strictObject({
  documents: z.array(z.strictObject({ kind: z.string(), name: z.string() })).describe('Documents of the file.'),
  rows: z.array(effect).describe('By day, detector and entity.'),
  examined: z.int().describe('Anomalies, the latest first.'),
  suppressedAlready: z.int().describe('Those among them that are suppressed already.'),
  more: z.boolean().describe('True if there are more than a dry run examines.'),
  faults: z.array(z.strictObject({ rule: z.string(), message: z.string() })).describe('Rules that were passed over.'),
  alerts: z.strictObject({
    count: z.int().describe('Alerts that would have been changed.'),
    items: z.array(touched).describe('At most 100 of them, the one with most anomalies suppressed first.'),
  }),
});
const tested = z.strictObject({
  sink: z.string(),
  outcome: z.enum(['accepted', 'refused', 'failed']),
  messageId: z.string(),
  error: z.string().nullable().describe('Why it was not accepted; null if it was.'),
  remedy: z.string().nullable(),
});

/** Routes that try rules and sinks out. */
export const resourceTestRoutes: readonly Route[] = [
  route({
    ...{ method: 'POST', path: '/v1/dry-run', tag: 'rules', scope: 'read', detector: 'all' },
    summary: 'Show what the rules and calendars of a file would have done to stored anomalies; change nothing.',
    query: z.strictObject({
      from: moment('Earliest event time; by default seven days ago.').optional(),
    }),
    body: documentOf('Document of a rule or a calendar; in YAML, several may be separated by ---.'),
    bodyForm: 'document',
    problems: [413, 422],
    replies: { 200: { description: 'Its effect.', schema: dryRunResult } },
    handle: async ({ query: { from }, body, signal: gone }, { db, models }) => {
      const range = { from: from ?? new Date(Date.now() - DEFAULT_DAYS * DAY_MS), most: MOST_EXAMINED };
      const documents = parseDocuments(body, 'the body');
      const run = (signal: AbortSignal) => dryRun(db, documents, { ...range, signal });
      const found = await models.inTurn('the dry run', () => withinBudget(run, gone), gone);
      return { status: 200, body: { documents: documents.map(({ kind, name }) => ({ kind, name })), ...found } };
    },
  }),
  route({
    ...{ method: 'POST', path: '/v1/sinks/{name}/test', tag: 'sinks', scope: 'operate', detector: 'all' },
    summary: 'Send a message that is marked as a test to a sink, from this service, as `flowline sinks test` does.',
    params: z.strictObject({ name: resourceName }),
    replies: { 200: { description: 'The outcome.', schema: tested } },
    handle: async ({ params: { name } }, { db, settings }) => {
      const { brokers } = settings.kafka;
      const kafka = () => {
        if (brokers === null) throw withoutBrokers('flowline sinks test');
        return { ...settings.kafka, brokers };
      };
      return { status: 200, body: await testSink(db, name, { kafka, env: process.env, settings }) };
    },
  }),
];
