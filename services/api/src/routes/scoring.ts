import { getDetector } from '@flowline/db';
import { z } from 'zod';

import { type ApiParts, type Reply, type Route, route } from '../route.ts';
import { withinBudget } from '../scoring/time-budget.ts';
import { detectorParams, values } from '../schemas.ts';
import { expectedRange } from './expected-range.ts';

const tag = 'scoring';

/** Explanations take a hundred times as long as scores. */
const [MOST_SCORED, MOST_EXPLAINED] = [1_000, 20];

const events = (most: number) =>
  z.strictObject({
    events: z
      .array(z.looseObject({}))
      .min(1)
      .max(most)
      .describe('Events as in the topic. Earlier ones of an entity are its past, for windows.'),
  });

const names = {
  row: z.int().describe('Position in the request, from 1.'),
  time: z.string().nullable(),
  id: z.string().nullable(),
  entity: z.string().nullable(),
};
const fault = z.strictObject({ ...names, error: z.strictObject({ reason: z.string(), message: z.string() }) });
const score = {
  ...names,
  logDensityNats: z.number().nullable().describe('Null where the density is zero.'),
  pValue: z.number(),
  surpriseBits: z.number(),
  anomaly: z.boolean(),
};
const explanation = z.strictObject({
  summary: z.string(),
  expected: z.record(z.string(), expectedRange),
  contributions: z.array(z.strictObject({ feature: z.string(), bits: z.number(), direction: z.string() })),
  nearestNormal: values.nullable(),
});
const explained = z.strictObject({ ...score, summary: z.string(), observed: values, explanation });

const results = (row: z.ZodType) =>
  z.strictObject({
    detector: z.string(),
    modelVersion: z.int(),
    alpha: z.number(),
    backend: z.string(),
    results: z.array(z.union([row, fault])).describe('One per event, in order.'),
  });

/** Routes that score events without storing them. */
export const scoringRoutes: readonly Route[] = [
  route({
    ...{ method: 'POST', path: '/v1/detectors/{detector}/score', tag, scope: 'read', detector: 'path' },
    summary: 'Score events with the champion; nothing is stored.',
    params: detectorParams,
    body: events(MOST_SCORED),
    replies: { 200: { description: 'The scores.', schema: results(z.strictObject(score)) } },
    handle: ({ params, body, signal }, parts) =>
      scored(parts, params.detector, { given: body.events, explain: 'nothing', signal }),
  }),
  route({
    ...{ method: 'POST', path: '/v1/detectors/{detector}/explain', tag, scope: 'read', detector: 'path' },
    summary: 'Score events and explain each, anomalous or not: what is usual given the rest of it.',
    params: detectorParams,
    body: events(MOST_EXPLAINED),
    replies: { 200: { description: 'The scores and explanations.', schema: results(explained) } },
    handle: ({ params, body, signal }, parts) =>
      scored(parts, params.detector, { given: body.events, explain: 'every', signal }),
  }),
];

interface Given {
  readonly given: readonly unknown[];
  readonly explain: 'nothing' | 'every';
  readonly signal: AbortSignal;
}

async function scored({ db, models }: ApiParts, name: string, { given, explain, signal }: Given): Promise<Reply> {
  await getDetector(db, name);
  const { scoreRecords } = await import('@flowline/operations/scoring');
  return models.use(
    name,
    async ({ detector, names: fields, modelVersion }) => {
      const rows = await withinBudget(async (budget) => {
        const options = { names: fields, explain, signal: budget };
        const found = [];
        for await (const batch of scoreRecords(recordsOf(given), detector, options)) found.push(...batch);
        return found;
      }, signal);
      const { alpha, compute } = detector;
      return { status: 200, body: { detector: name, modelVersion, alpha, backend: compute.backend, results: rows } };
    },
    { signal },
  );
}

// eslint-disable-next-line @typescript-eslint/require-await -- a stream, as files are read
async function* recordsOf(
  given: readonly unknown[],
): AsyncGenerator<{ readonly row: number; readonly value: unknown }> {
  for (const [i, value] of given.entries()) yield { row: i + 1, value };
}
