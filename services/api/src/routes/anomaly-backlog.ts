import { getDetector, listBacklogPieces, pageEnd, redriveBacklogPieces, setBacklogPiecesAside } from '@flowline/db';
import { z } from 'zod';

import { fromCursor, toCursor } from '../cursor.ts';
import { type Route, route } from '../route.ts';
import { detectorFilter, detectorParams, page, pageOf, set, time } from '../schemas.ts';

const tag = 'anomalies';

const piece = z.strictObject({
  backlogId: z.int(),
  detector: z.string(),
  topic: z.string(),
  partition: z.int(),
  anomalies: z.int().describe('Number of anomalies in the piece.'),
  since: time.describe('Time at which they were stored.'),
  attempts: z.int().describe('Number of times that they could not be written out.'),
  error: z.string().nullable().describe('Why not, last time.'),
  failedAt: time.nullable(),
  setAsideAt: time.nullable().describe('Null while they wait.'),
  setAsideReason: z.string().nullable(),
});
const position = z.int().positive();
const ids = z.array(z.int().positive()).min(1).max(1_000);
const changed = z.strictObject({ pieces: z.int(), anomalies: z.int() });

/** Routes of anomalies that wait to be written out. */
export const anomalyBacklogRoutes: readonly Route[] = [
  route({
    ...{ method: 'GET', path: '/v1/anomaly-backlog', tag, scope: 'read', detector: 'list' },
    summary: 'List the anomalies of incidents that wait to be written out or were set aside, in pieces, oldest first.',
    query: z.strictObject({ ...detectorFilter, ...page }),
    replies: { 200: { description: 'A page of pieces.', schema: pageOf(piece) } },
    handle: async ({ query: { detector, limit, cursor }, caller }, { db }) => {
      const filter = set({ detector: caller?.detectorOfList(detector), after: fromCursor(cursor, position) });
      const items = await listBacklogPieces(db, { ...filter, limit });
      return { status: 200, body: { items, next: toCursor(pageEnd(items, limit)?.backlogId ?? null) } };
    },
  }),
  route({
    ...{
      method: 'POST',
      path: '/v1/detectors/{detector}/anomaly-backlog/set-aside',
      tag,
      scope: 'operate',
      detector: 'path',
    },
    summary: 'Set pieces aside that cannot be written out, so that those behind them are; they stay stored.',
    params: detectorParams,
    body: z.strictObject({ ids: ids.describe('Pieces that wait.') }),
    replies: { 200: { description: 'Those that waited are set aside.', schema: changed } },
    handle: async ({ params: { detector }, body }, { db }) => {
      await getDetector(db, detector);
      return { status: 200, body: await setBacklogPiecesAside(db, detector, body.ids) };
    },
  }),
  route({
    ...{
      method: 'POST',
      path: '/v1/detectors/{detector}/anomaly-backlog/redrive',
      tag,
      scope: 'operate',
      detector: 'path',
    },
    summary: 'Queue pieces again that were set aside; a running scorer writes them out.',
    params: detectorParams,
    body: z.strictObject({ ids: ids.describe('Only these; by default all.').optional() }).prefault({}),
    replies: { 200: { description: 'They are queued.', schema: changed } },
    handle: async ({ params: { detector }, body }, { db }) => {
      await getDetector(db, detector);
      return { status: 200, body: await redriveBacklogPieces(db, detector, body.ids) };
    },
  }),
];
