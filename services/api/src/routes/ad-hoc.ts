import { getDetector } from '@flowline/db';
import type { Detector } from '@flowline/detector';
import type * as Scoring from '@flowline/operations/scoring';
import type { EventNames, FeatureValues, GivenEvent } from '@flowline/operations/scoring';
import { z } from 'zod';

import { badRequest } from '../invalid-request.ts';
import { type ApiParts, type Reply, type Route, route } from '../route.ts';
import { withinBudget } from '../scoring/time-budget.ts';
import { detectorParams, MAX_VERSION, values } from '../schemas.ts';
import { expectedRange } from './expected-range.ts';

const tag = 'scoring';

const [MOST_SAMPLES, MOST_POINTS, MOST_LEVELS, MOST_CHANGES, MOST_EXPLAINED] = [1_000, 512, 1_000, 100, 20];

const modelVersion = z.int().min(1).max(MAX_VERSION).optional().describe('Version of a model (default: the champion).');
const event = {
  record: z.looseObject({}).optional().describe('Event as in the topic. It has no past, for windows.'),
  values: z.looseObject({}).optional().describe('Instead of an event: values by feature, as `observed` has them.'),
};

const sampleBody = z.strictObject({
  count: z.int().min(1).max(MOST_SAMPLES).default(100).describe('Events drawn.'),
  seed: z.int().min(0).default(1).describe('The same seed and model give the same events.'),
  context: z
    .looseObject({})
    .default({})
    .describe('Values of context features. Others are drawn: levels as often as in training, the rest roughly.'),
  modelVersion,
});

const conditionalBody = z.strictObject({
  ...event,
  feature: z.string().min(1).max(1_000).describe('Scored feature whose distribution is asked for.'),
  points: z.int().min(2).max(MOST_POINTS).default(101).describe('Values of a number.'),
  from: z.number().optional().describe('First value of a number (default: the quantile 0.0005).'),
  to: z.number().optional().describe('Last value of a number (default: the quantile 0.9995).'),
  levels: z.int().min(1).max(MOST_LEVELS).default(100).describe('Maximum levels listed.'),
  modelVersion,
});

const whatIfBody = z.strictObject({
  ...event,
  changes: z
    .array(z.looseObject({}))
    .min(1)
    .max(MOST_CHANGES)
    .describe('Features with other values, one object per event to score.'),
  contributions: z
    .boolean()
    .default(false)
    .describe(`True for the surprise of each feature; then at most ${MOST_EXPLAINED} changes.`),
  modelVersion,
});

const model = { detector: z.string(), modelVersion: z.int(), backend: z.string() };
const logDensityNats = z.number().nullable().describe('Null where the density is zero.');
const direction = z.enum(['high', 'low', 'unlikely']);

const sampled = z.strictObject({
  ...model,
  seed: z.int(),
  drawnContext: z
    .array(z.string())
    .describe('Context features that were not given, and drawn: the model has no density of them.'),
  samples: z.array(z.strictObject({ values, logDensityNats, pValue: z.number() })),
});

const numberConditional = z.strictObject({
  ...{ ...model, kind: z.literal('number'), feature: z.string(), observed: z.number().nullable() },
  expected: expectedRange.describe('As explanations have it.'),
  below: z.number().nullable().describe('Probability of a value below the observed one.'),
  bits: z.number().nullable().describe('Surprise of the observed value; null if it is missing.'),
  direction: direction.nullable(),
  grid: z
    .array(z.strictObject({ value: z.number(), density: z.number() }))
    .describe('Density per unit of the feature; of an integer, the probability of each whole number.'),
  gridMass: z.number().describe('Integral of the density over the grid.'),
});
const levelConditional = z.strictObject({
  ...{ ...model, kind: z.literal('level'), feature: z.string(), observed: z.string().nullable() },
  levels: z
    .array(
      z.strictObject({
        level: z.string().nullable().describe('Null for all levels together that training did not keep.'),
        probability: z.number().describe('Given all other features.'),
        prior: z.number().describe('Given the level feature before it alone, as explanations have it.'),
      }),
    )
    .describe('Most likely first.'),
  rest: z.number().describe('Probability of the levels that are not listed.'),
});

const row = { row: z.int().describe('Position of the change in the request, from 1.') };
const score = {
  ...{ logDensityNats, pValue: z.number(), surpriseBits: z.number(), anomaly: z.boolean() },
  summary: z.string().optional(),
  contributions: z.array(z.strictObject({ feature: z.string(), bits: z.number(), direction })).optional(),
};
const changed = z.strictObject({
  ...{ ...row, ...score },
  difference: z
    .strictObject({ logDensityNats: z.number().nullable(), surpriseBits: z.number() })
    .describe('Less the score of the event as it was given.'),
});
const fault = z.strictObject({ ...row, error: z.strictObject({ reason: z.string(), message: z.string() }) });
const answered = z.strictObject({
  ...{ ...model, alpha: z.number() },
  base: z.strictObject({ ...score, observed: values }).describe('The event as it was given.'),
  results: z.array(z.union([changed, fault])).describe('One per change, in order.'),
});

const posting = { method: 'POST', tag, scope: 'read', detector: 'path', params: detectorParams } as const;
const problems = [413, 422];

/** Routes that ask a model about events that need not have happened; nothing is stored. */
export const adHocRoutes: readonly Route[] = [
  route({
    ...{ ...posting, problems, path: '/v1/detectors/{detector}/sample' },
    summary: 'Draw events from a model, by a seed: what it takes for usual.',
    body: sampleBody,
    replies: { 200: { description: 'The events, with their scores.', schema: sampled } },
    handle: (request, parts) => sample(parts, request),
  }),
  route({
    ...{ ...posting, problems, path: '/v1/detectors/{detector}/conditional' },
    summary: 'Compute the distribution of one feature given the rest of an event.',
    body: conditionalBody,
    replies: {
      200: {
        description: 'Density and quantiles of a number, or the probabilities of levels.',
        schema: z.discriminatedUnion('kind', [numberConditional, levelConditional]),
      },
    },
    handle: (request, parts) => conditional(parts, request),
  }),
  route({
    ...{ ...posting, problems, path: '/v1/detectors/{detector}/what-if' },
    summary: 'Score an event with other values of some features, beside the event as it is.',
    body: whatIfBody,
    replies: { 200: { description: 'The scores, and their differences.', schema: answered } },
    handle: (request, parts) => whatIf(parts, request),
  }),
];

/** Request of one of these routes. */
interface Asked<Body extends z.ZodType> {
  readonly params: { readonly detector: string };
  readonly body: z.output<Body>;
  readonly signal: AbortSignal;
}

interface AskedModel {
  readonly modelVersion?: number | undefined;
}

function sample(parts: ApiParts, request: Asked<typeof sampleBody>): Promise<Reply> {
  const { count, seed, context } = request.body;
  return withModel(parts, request, async ({ detector }, { sampleRecords }, signal) => {
    return { seed, ...(await sampleRecords(detector, { count, seed, context, signal })) };
  });
}

function conditional(parts: ApiParts, request: Asked<typeof conditionalBody>): Promise<Reply> {
  const { body } = request;
  const { feature, points, from = null, to = null, levels } = body;
  if (from !== null && to !== null && from >= to) {
    throw badRequest('body.to', `${to} is not above ${from}.`, 'Send a `to` that is greater than `from`.');
  }
  const given = givenEvent(body);
  return withModel(parts, request, ({ detector, names }, { readEvent }) =>
    detector.conditional(readEvent(detector, given, names), feature, { grid: { points, from, to }, levels }),
  );
}

function whatIf(parts: ApiParts, request: Asked<typeof whatIfBody>): Promise<Reply> {
  const { body } = request;
  const { changes, contributions } = body;
  if (contributions && changes.length > MOST_EXPLAINED) {
    const remedy = `Send at most ${MOST_EXPLAINED}, or leave contributions out.`;
    throw badRequest('body.changes', `${changes.length} changes are too many for contributions.`, remedy);
  }
  const given = givenEvent(body);
  return withModel(parts, request, async ({ detector, names }, scoring, signal) => ({
    alpha: detector.alpha,
    ...(await scoring.whatIf(detector, given, { names, changes, contributions, signal })),
  }));
}

/** @throws FlowlineError FLOWLINE_REQUEST_INVALID unless there is either an event or values. */
function givenEvent({ record, values: given }: { record?: unknown; values?: FeatureValues | undefined }): GivenEvent {
  if (record !== undefined && given === undefined) return { record };
  if (record === undefined && given !== undefined) return { values: given };
  throw badRequest('body', 'Expected either `record` or `values`.', 'Send an event, or the values of its features.');
}

interface UsedModel {
  readonly detector: Detector;
  readonly names: EventNames;
}

/** Runs work with a model in its turn, within the time of a request, and names the model. */
async function withModel(
  { db, models }: ApiParts,
  { params: { detector: name }, body, signal: gone }: Asked<z.ZodType<AskedModel>>,
  work: (used: UsedModel, scoring: typeof Scoring, signal: AbortSignal) => Promise<object>,
): Promise<Reply> {
  await getDetector(db, name);
  const scoring = await import('@flowline/operations/scoring');
  return models.use(
    name,
    async (used) => {
      const answer = await withinBudget((signal) => work(used, scoring, signal), gone);
      const { backend } = used.detector.compute;
      return { status: 200, body: { detector: name, modelVersion: used.modelVersion, backend, ...answer } };
    },
    { signal: gone, modelVersion: body.modelVersion ?? null },
  );
}
