import { readDefinition } from '@flowline/config';
import {
  type Database,
  type FeatureSampleRow,
  getDetector,
  getDetectorVersion,
  listFeatureAnomalies,
  readFeatureSample,
  type StoredDetector,
} from '@flowline/db';
import { type FeatureSpec, FlowlineError } from '@flowline/events';
import type { FeatureSchemas, UsualRange } from '@flowline/operations/scoring';
import { z } from 'zod';

import { type ApiParts, type Route, route } from '../route.ts';
import { withinBudget } from '../scoring/time-budget.ts';
import { detectorParams, time, wholeNumber } from '../schemas.ts';
import { rangeOf, rangeQuery } from './timeline-range.ts';

const MOST_POINTS = 200;
/** Least length of an interval: those that are stored begin with a minute. */
const LEAST_MS = 60_000;
/** Parts per interval of a chart, each of which a few events come from. */
const PARTS_PER_POINT = 2;
const MOST_PER_PART = 24;
/** Numbers that are read at most: of detectors with many features, fewer events. */
const MOST_NUMBERS = 100_000;
const MOST_ANOMALIES = 500;

const range = z.strictObject({ p05: z.number(), median: z.number(), p95: z.number() });
const timelines = z.strictObject({
  ...{ detector: z.string(), from: time, to: time, seconds: z.number().describe('Length of an interval.') },
  events: z.int().describe('Events of the sample, spread evenly over the range.'),
  modelVersion: z.int().nullable().describe('Model that expects the ranges; null if there is none.'),
  features: z
    .array(
      z.strictObject({
        ...{ feature: z.string(), type: z.string() },
        expected: range.nullable().describe('Range of 90 % of the events that the model draws; null if not scored.'),
        outside: z.number().nullable().describe('Share of the values outside of it, usually 0.1.'),
        cells: z
          .array(
            z.strictObject({
              at: time.describe('Start of the interval.'),
              events: z.int(),
              missing: z.int(),
              values: range.nullable().describe('Null if all are missing.'),
            }),
          )
          .describe('Intervals with events, in order.'),
      }),
    )
    .describe('Numeric features but cyclic ones; those that are the least as expected first.'),
  anomalies: z
    .array(
      z.strictObject({
        feature: z.string().describe('Feature that contributes most.'),
        ...{ eventTime: time, value: z.number().describe('Its value in the event.'), surpriseBits: z.number() },
      }),
    )
    .describe('Anomalies of the range that are due to a number: the 500 most surprising.'),
});

/** Routes of the values of features over time. */
export const featureTimelineRoutes: readonly Route[] = [
  route({
    ...{ method: 'GET', path: '/v1/detectors/{detector}/feature-timelines', tag: 'scores', scope: 'read' },
    detector: 'path',
    summary: 'Read the values of each numeric feature over time, of a sample, beside those that the model expects.',
    params: detectorParams,
    query: z.strictObject({
      ...rangeQuery,
      points: wholeNumber(1, MOST_POINTS, 'Maximum intervals, of at least a minute.').default(72),
    }),
    replies: { 200: { description: 'The features.', schema: timelines } },
    handle: async ({ params: { detector }, query, signal }, { db, models }) => {
      const { from, to } = await rangeOf(db, detector, query);
      const stored = await getDetector(db, detector);
      const inForce = featuresOf(stored);
      const lengthMs = to.getTime() - from.getTime();
      const count = Math.min(query.points, Math.max(1, Math.floor(lengthMs / LEAST_MS)));
      const parts = PARTS_PER_POINT * count;
      const perPart = Math.min(MOST_PER_PART, Math.ceil(MOST_NUMBERS / (parts * inForce.length)));
      const rows = await readFeatureSample(db, { detector, from, to, parts, perPart });
      const schemas = { inForce, byVersion: await schemasOf(db, stored, rows) };
      const { featureTimelines } = await import('@flowline/operations/scoring');
      const model = await expectedBy(models, detector, signal);
      const intervals = { from, lengthMs: lengthMs / count, count };
      const features = featureTimelines(rows, schemas, intervals, model.usual);
      const body = {
        ...{ detector, from, to, seconds: intervals.lengthMs / 1_000, events: rows.length },
        ...{ modelVersion: model.modelVersion, features },
        anomalies: await listFeatureAnomalies(db, { detector, from, to, limit: MOST_ANOMALIES }),
      };
      return { status: 200, body };
    },
  }),
];

interface Expected {
  readonly modelVersion: number | null;
  readonly usual: ReadonlyMap<string, UsualRange>;
}

/** Ranges that the champion of a detector expects; none before there is one. */
async function expectedBy(models: ApiParts['models'], name: string, gone: AbortSignal): Promise<Expected> {
  const { usualRanges } = await import('@flowline/operations/scoring');
  try {
    return await models.use(
      name,
      async ({ modelVersion, detector }) => {
        return { modelVersion, usual: await withinBudget((signal) => usualRanges(detector, signal), gone) };
      },
      { signal: gone },
    );
  } catch (error) {
    if (!(error instanceof FlowlineError && error.code === 'FLOWLINE_MODEL_MISSING')) throw error;
    return { modelVersion: null, usual: new Map() };
  }
}

const featuresOf = ({ name, version, definition }: Pick<StoredDetector, 'name' | 'version' | 'definition'>) =>
  readDefinition(definition, `${name}, version ${version}`).features;

/** Features of each version that rows are of. */
async function schemasOf(
  db: Database,
  inForce: StoredDetector,
  rows: readonly FeatureSampleRow[],
): Promise<FeatureSchemas['byVersion']> {
  const found = new Map<number, readonly FeatureSpec[]>();
  for (const version of new Set(rows.map((row) => row.detectorVersion))) {
    found.set(
      version,
      featuresOf(version === inForce.version ? inForce : await getDetectorVersion(db, inForce.name, version)),
    );
  }
  return found;
}
