import { getTrainingRun, listTrainingRuns, pageEnd, type TrainingRun } from '@flowline/db';
import { FlowlineError } from '@flowline/events';
import { z } from 'zod';

import type { Caller } from '../caller.ts';
import { fromCursor, toCursor } from '../cursor.ts';
import { type Route, route } from '../route.ts';
import { detectorFilter, page, pageOf, rowId, time } from '../schemas.ts';

const tag = 'training runs';

const listedRun = z.strictObject({
  runId: z.int(),
  detector: z.string(),
  detectorVersion: z.int(),
  scheduledFor: time.nullable().describe('Tick of the schedule; null for a run on demand.'),
  attempt: z.int(),
  status: z.enum(['running', 'succeeded', 'failed', 'abandoned']),
  phase: z.string(),
  startedAt: time,
  finishedAt: time.nullable(),
  phases: z.array(z.strictObject({ phase: z.string(), seconds: z.number() })),
  modelVersion: z.int().nullable(),
  promoted: z.boolean().nullable(),
  error: z.looseObject({}).nullable(),
});
const run = listedRun.extend({
  curves: z.unknown().describe('Losses by step so far.'),
  metrics: z.unknown().describe('Report of the training.'),
});

const listed = ({ curves: _curves, metrics: _metrics, ...rest }: TrainingRun) => rest;

/** Routes of training runs. */
export const trainingRunRoutes: readonly Route[] = [
  route({
    ...{ method: 'GET', path: '/v1/training-runs', tag, scope: 'read', detector: 'list' },
    summary: 'List training runs, newest first.',
    query: z.strictObject({ ...detectorFilter, ...page }),
    replies: { 200: { description: 'A page of runs.', schema: pageOf(listedRun) } },
    handle: async ({ query: { detector, limit, cursor }, caller }, { db }) => {
      const before = fromCursor(cursor, z.int().positive());
      const runs = await listTrainingRuns(db, caller?.detectorOfList(detector), limit, before);
      const next = pageEnd(runs, limit)?.runId ?? null;
      return { status: 200, body: { items: runs.map(listed), next: toCursor(next) } };
    },
  }),
  route({
    ...{ method: 'GET', path: '/v1/training-runs/{runId}', tag, scope: 'read', detector: 'resource' },
    summary: 'Read a training run: its phase, its curves so far, and its result.',
    params: z.strictObject({ runId: rowId('Id of the run.') }),
    replies: { 200: { description: 'The run.', schema: run } },
    handle: async ({ params: { runId }, caller }, { db }) => ({
      status: 200,
      body: visible(await getTrainingRun(db, runId), runId, caller),
    }),
  }),
];

/** @throws FlowlineError FLOWLINE_NOT_FOUND, also if the token is not for its detector. */
function visible(found: TrainingRun | null, id: number, caller: Caller | null): TrainingRun {
  if (found !== null && caller?.mayTouch(found.detector) === true) return found;
  throw new FlowlineError('FLOWLINE_NOT_FOUND', `There is no training run ${id}.`, {
    where: `training run ${id}`,
    remedy: 'List them: GET /v1/training-runs.',
  });
}
