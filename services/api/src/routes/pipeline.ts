import { getDetector } from '@flowline/db';
import { pipelineState } from '@flowline/operations';
import { z } from 'zod';

import { type Route, route } from '../route.ts';
import { detectorParams, time } from '../schemas.ts';

const count = z.int().nonnegative();
const partition = z.strictObject({
  topic: z.string(),
  partition: z.int(),
  nextOffset: z.int().nullable().describe('Next offset to read; null if nothing of it is stored.'),
  recordTime: time.nullable().describe('Timestamp of the last stored record.'),
  storedAt: time.nullable().describe('Time at which records of it were last stored.'),
  end: z.int().nullable().describe('Offset after its last record; null if it is unknown.'),
  records: count.nullable().describe('Records that are not stored yet.'),
  seconds: z.number().nullable().describe('Age of the last stored record while records wait.'),
});
const day = z.strictObject({
  day: z.iso.date().describe('UTC day, by the time of storing.'),
  ...{ scored: count, anomalies: count },
  suppressed: count.describe('Anomalies that a rule, a calendar or a bound kept out of alerts.'),
  duplicates: count.describe('Records that repeat an event id.'),
  deadLetters: count.describe('Records that could not be scored.'),
  sent: count.describe('Messages about alerts that a sink has accepted.'),
});
const sink = z.strictObject({
  sink: z.string().describe('`kafka` for the topic of alerts, or the name of a sink.'),
  waiting: count,
  oldestAt: time.nullable().describe('Time since which the oldest message waits.'),
  failingSince: time.nullable().describe('Time since which sending fails; null if it does not.'),
  error: z.string().nullable().describe('Why the oldest message was not sent when that was last tried.'),
  lastSentAt: time.nullable(),
  sentLastDay: count,
  dead: count.describe('Messages that were set aside.'),
});
const pipeline = z.strictObject({
  detector: z.string(),
  partitions: z.array(partition),
  endsUnknown: z.string().nullable().describe('Why the ends of partitions are unknown; null if they are known.'),
  days: z.array(day).describe('The last seven UTC days, today last.'),
  sinks: z.array(sink),
  backlog: count.describe('Anomalies that wait to be written out.'),
  unexplained: count.describe('Anomalies that wait for their explanation.'),
});

/** Routes about the way of events through a detector. */
export const pipelineRoutes: readonly Route[] = [
  route({
    ...{ method: 'GET', path: '/v1/detectors/{detector}/pipeline', tag: 'detectors', scope: 'read', detector: 'path' },
    summary: 'Read the lag of each partition, the work of the last days at each stage, and the state of each sink.',
    params: detectorParams,
    replies: { 200: { description: 'The pipeline.', schema: pipeline } },
    handle: async ({ params: { detector } }, { db, settings }) => {
      const state = await pipelineState(db, await getDetector(db, detector), settings.kafka);
      return { status: 200, body: { detector, ...state } };
    },
  }),
];
