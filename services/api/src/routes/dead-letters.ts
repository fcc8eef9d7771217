import { getDetector, listDeadAlerts, listDeadLetters, pageEnd, redriveDeadAlerts } from '@flowline/db';
import { bytesAsText, redriveToTopics } from '@flowline/operations';
import { z } from 'zod';

import { fromCursor, toCursor } from '../cursor.ts';
import { type Route, route } from '../route.ts';
import { detectorFilter, detectorParams, page, pageOf, set, text, time } from '../schemas.ts';
import { withoutBrokers } from '../without-brokers.ts';

const tag = 'dead letters';

const bytes = z
  .union([z.string(), z.strictObject({ base64: z.string() })])
  .nullable()
  .describe('Text if it is UTF-8, else base64.');
const letter = z.strictObject({
  deadLetterId: z.int(),
  detector: z.string(),
  detectorVersion: z.int(),
  topic: z.string(),
  partition: z.int(),
  offset: z.int(),
  reason: z.string(),
  field: z.string().nullable(),
  message: z.string(),
  key: bytes,
  value: bytes,
  headers: z.looseObject({}),
  recordTime: time,
  storedAt: time,
  redrivenAt: time.nullable(),
});
const deadAlert = z.strictObject({
  outboxId: z.int(),
  alertId: z.uuid(),
  detector: z.string(),
  sink: z.string(),
  topic: z.string(),
  bytes: z.int(),
  error: z.string().nullable(),
  attempts: z.int(),
  createdAt: time,
  deadAt: time,
});

const position = z.int().positive();
const ids = z.array(z.int().positive()).min(1).max(1_000).optional();
const redrive = z.strictObject({
  ids: ids.describe('Only these; by default all that were not sent again before.'),
  reason: text.describe('Only this reason.').optional(),
  again: z.boolean().describe('Also those that were sent again before.').default(false),
  limit: z.int().min(1).max(10_000).describe('Maximum number, oldest first.').default(1_000),
});

/** Routes of records and alerts that were set aside. */
export const deadLetterRoutes: readonly Route[] = [
  route({
    ...{ method: 'GET', path: '/v1/dead-letters', tag, scope: 'read', detector: 'list' },
    summary: 'List the records that could not be scored, latest first.',
    query: z.strictObject({ ...detectorFilter, reason: text.optional(), ...page }),
    replies: { 200: { description: 'A page of dead letters.', schema: pageOf(letter) } },
    handle: async ({ query: { detector, reason, limit, cursor }, caller }, { db }) => {
      const before = fromCursor(cursor, position);
      const filter = set({ detector: caller?.detectorOfList(detector), reason, before });
      const letters = await listDeadLetters(db, { ...filter, limit });
      const items = letters.map((each) => ({ ...each, key: bytesAsText(each.key), value: bytesAsText(each.value) }));
      return { status: 200, body: { items, next: toCursor(pageEnd(letters, limit)?.deadLetterId ?? null) } };
    },
  }),
  route({
    ...{
      method: 'POST',
      path: '/v1/detectors/{detector}/dead-letters/redrive',
      tag,
      scope: 'operate',
      detector: 'path',
    },
    summary: 'Send dead letters back to their topic, once each.',
    params: detectorParams,
    body: redrive.prefault({}),
    replies: {
      200: {
        description: 'They are sent.',
        schema: z.strictObject({
          redriven: z.int(),
          skipped: z.int().describe('Those that can never be sent.'),
          reasons: z.array(z.string()).describe('Why they were skipped.'),
        }),
      },
    },
    handle: async ({ params: { detector }, body }, { db, settings }) => {
      await getDetector(db, detector);
      const { brokers } = settings.kafka;
      if (brokers === null) throw withoutBrokers('flowline dlq redrive');
      const access = { ...settings.kafka, brokers };
      const { again, limit, ...filter } = body;
      const { sent, skipped, reasons } = await redriveToTopics(db, access, { detector, again, limit, ...set(filter) });
      return { status: 200, body: { redriven: sent, skipped, reasons } };
    },
  }),
  route({
    ...{ method: 'GET', path: '/v1/dead-alerts', tag, scope: 'read', detector: 'list' },
    summary: 'List the messages about alerts that their sink refuses, latest first.',
    query: z.strictObject({ ...detectorFilter, ...page }),
    replies: { 200: { description: 'A page of messages.', schema: pageOf(deadAlert) } },
    handle: async ({ query: { detector, limit, cursor }, caller }, { db }) => {
      const filter = set({ detector: caller?.detectorOfList(detector), before: fromCursor(cursor, position) });
      const items = await listDeadAlerts(db, { ...filter, limit });
      return { status: 200, body: { items, next: toCursor(pageEnd(items, limit)?.outboxId ?? null) } };
    },
  }),
  route({
    ...{
      method: 'POST',
      path: '/v1/detectors/{detector}/dead-alerts/redrive',
      tag,
      scope: 'operate',
      detector: 'path',
    },
    summary: 'Queue messages again that were set aside; a running scorer sends them.',
    params: detectorParams,
    body: z.strictObject({ ids: ids.describe('Only these; by default all.') }).prefault({}),
    replies: { 200: { description: 'They are queued.', schema: z.strictObject({ redriven: z.int() }) } },
    handle: async ({ params: { detector }, body }, { db }) => {
      await getDetector(db, detector);
      return { status: 200, body: { redriven: await redriveDeadAlerts(db, detector, body.ids) } };
    },
  }),
];
