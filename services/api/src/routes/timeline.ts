import {
  countPartitions,
  getDetector,
  listAnomalyPoints,
  readAlarmDays,
  readScoreCounts,
  readTimeline,
} from '@flowline/db';
import { z } from 'zod';

import { type Route, route } from '../route.ts';
import { detectorParams, time, wholeNumber } from '../schemas.ts';
import { rangeOf, rangeQuery } from './timeline-range.ts';
import { timelineSeconds } from './timeline-seconds.ts';

const tag = 'scores';

const MOST_POINTS = 2_000;
const MOST_DAYS = 366;
const MOST_ANOMALIES = 1_000;

const bucket = z.strictObject({
  at: time.describe('Start of the interval.'),
  storedSeconds: z.int().describe('Length of the longest stored interval in it: it may reach beyond this one.'),
  events: z.int(),
  anomalies: z.int(),
  expected: z.number().describe('Anomalies to be expected: the sum of the thresholds that decided.'),
  meanBits: z.number(),
  minBits: z.number(),
  maxBits: z.number(),
});
const mark = z.strictObject({
  at: time.describe('First interval of this model and definition within the range.'),
  modelVersion: z.int().nullable(),
  detectorVersion: z.int(),
});
const stored = z
  .strictObject({ first: time, last: time })
  .nullable()
  .describe('First and last stored interval; null if there is none.');
const timeline = z.strictObject({
  ...{ detector: z.string(), from: time, to: time, seconds: z.int().describe('Length of an interval.') },
  buckets: z.array(bucket).describe('Intervals with events, in order.'),
  marks: z.array(mark),
  stored,
});
const points = z.strictObject({
  ...{ detector: z.string(), from: time, to: time },
  points: z.array(z.strictObject({ anomalyId: z.int(), eventTime: time, surpriseBits: z.number() })),
});
const counts = z.strictObject({
  ...{ detector: z.string(), from: time, to: time, events: z.int() },
  cells: z.array(z.int()).describe('Events by p-value, in 20 equal cells of [0, 1].'),
  bits: z.array(z.int()).describe('Events by whole bits of surprise, from 0 on.'),
});
const alarms = z.strictObject({
  detector: z.string(),
  days: z.array(z.strictObject({ day: z.iso.date(), events: z.int(), expected: z.number(), measured: z.int() })),
});

const reading = { method: 'GET', tag, scope: 'read', detector: 'path', params: detectorParams } as const;

/** Routes of scores summed by event time, from which charts are drawn. */
export const timelineRoutes: readonly Route[] = [
  route({
    ...{ ...reading, path: '/v1/detectors/{detector}/timeline' },
    summary: 'Read the scores of a time range as intervals of at least a minute, with the models that gave them.',
    query: z.strictObject({
      ...rangeQuery,
      points: wholeNumber(1, MOST_POINTS, 'Maximum intervals.').default(600),
    }),
    replies: { 200: { description: 'The intervals.', schema: timeline } },
    handle: async ({ params: { detector }, query }, { db }) => {
      const { from, to, known } = await rangeOf(db, detector, query);
      const seconds = timelineSeconds({ from, to }, query.points, await countPartitions(db, detector));
      const found = await readTimeline(db, { detector, from, to, seconds });
      return { status: 200, body: { detector, from, to, seconds, ...found, stored: known } };
    },
  }),
  route({
    ...{ ...reading, path: '/v1/detectors/{detector}/timeline/anomalies' },
    summary: 'Read the time and surprise of the anomalies of a time range, as a chart draws them: the most surprising.',
    query: z.strictObject({
      ...rangeQuery,
      limit: wholeNumber(1, MOST_ANOMALIES, 'Maximum anomalies.').default(500),
    }),
    replies: { 200: { description: 'The anomalies, the most surprising first.', schema: points } },
    handle: async ({ params: { detector }, query }, { db }) => {
      const { from, to } = await rangeOf(db, detector, query);
      const found = await listAnomalyPoints(db, { detector, from, to, limit: query.limit });
      return { status: 200, body: { detector, from, to, points: found } };
    },
  }),
  route({
    ...{ ...reading, path: '/v1/detectors/{detector}/p-values' },
    summary: 'Count the events of a time range by their p-values: equally many in every cell, if calibrated.',
    query: z.strictObject(rangeQuery),
    replies: { 200: { description: 'The counts.', schema: counts } },
    handle: async ({ params: { detector }, query }, { db }) => {
      const { from, to } = await rangeOf(db, detector, query);
      const found = await readScoreCounts(db, { detector, from, to });
      const events = found.cells.reduce((sum, cell) => sum + cell, 0);
      return { status: 200, body: { detector, from, to, events, ...found } };
    },
  }),
  route({
    ...{ ...reading, path: '/v1/detectors/{detector}/alarms' },
    summary: 'Read the alarms expected and measured by UTC day of event time.',
    query: z.strictObject({
      days: wholeNumber(1, MOST_DAYS, 'Days up to that of the last event.').default(30),
    }),
    replies: { 200: { description: 'The days with events, in order.', schema: alarms } },
    handle: async ({ params: { detector }, query: { days } }, { db }) => {
      await getDetector(db, detector);
      return { status: 200, body: { detector, days: await readAlarmDays(db, detector, days) } };
    },
  }),
];
