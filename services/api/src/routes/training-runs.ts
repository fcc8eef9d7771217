import { promotionModes } from '@flowline/config';
import {
  cancelTraining,
  getTrainingRun,
  listTrainingRuns,
  pageEnd,
  requestTraining,
  type TrainingRun,
} from '@flowline/db';
import { FlowlineError } from '@flowline/events';
import { shownRun } from '@flowline/operations';
import { z } from 'zod';

import type { Caller } from '../caller.ts';
import { fromCursor, toCursor } from '../cursor.ts';
import { type Route, route } from '../route.ts';
import { detectorFilter, detectorParams, page, pageOf, rowId, set, time } from '../schemas.ts';

const tag = 'training runs';

const progress = z.strictObject({
  stage: z.string().describe('Current activity, such as `read` or `train`.'),
  share: z.number().describe('Share of the stage that is done, 0 to 1.'),
  step: z.int().nullable().describe('Steps done; null where the stage has none.'),
  steps: z.int().nullable().describe('Steps in all.'),
});
const listedRun = z.strictObject({
  runId: z.int(),
  detector: z.string(),
  detectorVersion: z.int(),
  kind: z.enum(['training', 'recalibration']).describe('A recalibration keeps the weights of the champion.'),
  scheduledFor: time.nullable().describe('Tick of the schedule; null for a run on demand.'),
  requestedAt: time.nullable().describe('Time of its request; null for a run of the schedule or of a command.'),
  requestedBy: z.string().nullable(),
  promotion: z.enum(promotionModes).nullable().describe('Promotion mode that was asked for.'),
  attempt: z.int(),
  status: z.enum(['requested', 'running', 'succeeded', 'failed', 'abandoned', 'cancelled']),
  note: z.string().nullable().describe('Reason why an open run waits, or does not go on; null for none.'),
  phase: z.string(),
  progress: progress.nullable().describe('Progress within the phase; null for none.'),
  startedAt: time.nullable().describe('Start of the attempt; null for a run that waits or never began.'),
  finishedAt: time.nullable(),
  phases: z.array(z.strictObject({ phase: z.string(), seconds: z.number() })),
  modelVersion: z.int().nullable(),
  promoted: z.boolean().nullable(),
  cancelRequestedAt: time.nullable(),
  cancelledBy: z.string().nullable(),
  error: z.looseObject({}).nullable(),
  retryAt: time.nullable().describe('Time from which the next attempt may be made; null for none.'),
});
const run = listedRun.extend({
  curves: z.unknown().describe('Losses by step so far.'),
  metrics: z.unknown().describe('Report of the training.'),
});

function listed(stored: TrainingRun) {
  const { curves: _curves, metrics: _metrics, ...rest } = shownRun(stored);
  return rest;
}
const runParams = z.strictObject({ runId: rowId('Id of the run.') });

/** Routes of training runs. */
export const trainingRunRoutes: readonly Route[] = [
  route({
    ...{ method: 'POST', path: '/v1/detectors/{detector}/training-runs', tag, scope: 'operate', detector: 'path' },
    summary: 'Request a training, which a running trainer takes up within seconds. One is open per detector (409).',
    params: detectorParams,
    body: z
      .strictObject({
        promotion: z
          .enum(promotionModes)
          .describe("As `flowline train --promote`; by default the detector's own mode.")
          .nullable()
          .default(null),
      })
      .prefault({}),
    replies: { 202: { description: 'It is requested; watch the run.', schema: listedRun } },
    handle: async ({ params: { detector }, body: { promotion }, caller }, { db }) => {
      const asked = set({ requestedBy: caller?.token.name });
      const made = await requestTraining(db, { detector, promotion, ...asked });
      return { status: 202, body: listed(made), headers: { location: `/v1/training-runs/${made.runId}` } };
    },
  }),
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
    summary: 'Read a training run: its phase and progress, its curves so far, and its result.',
    params: runParams,
    replies: { 200: { description: 'The run.', schema: run } },
    handle: async ({ params: { runId }, caller }, { db }) => ({
      status: 200,
      body: shownRun(visible(await getTrainingRun(db, runId), runId, caller)),
    }),
  }),
  route({
    ...{ method: 'POST', path: '/v1/training-runs/{runId}/cancel', tag, scope: 'operate', detector: 'resource' },
    summary: 'Cancel a training run: one that waits at once, one that runs within seconds. The champion stays.',
    params: runParams,
    replies: {
      200: { description: 'It is cancelled.', schema: listedRun },
      202: { description: 'Its trainer is about to stop; watch the run.', schema: listedRun },
    },
    handle: async ({ params: { runId }, caller }, { db }) => {
      visible(await getTrainingRun(db, runId), runId, caller);
      const after = visible(await cancelTraining(db, runId, caller?.token.name), runId, caller);
      return { status: after.status === 'cancelled' ? 200 : 202, body: listed(after) };
    },
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
