import { z } from 'zod';

import { isAuthentic } from '../authenticate.ts';
import { badRequest } from '../invalid-request.ts';
import { positionOf } from '../live/event-id.ts';
import { type Route, route } from '../route.ts';
import { detectorFilter } from '../schemas.ts';

/** Route of anomalies and alerts as they come. */
export const streamRoutes: readonly Route[] = [
  route({
    ...{ method: 'GET', path: '/v1/stream', tag: 'stream', scope: 'read', detector: 'list' },
    summary:
      'Follow anomalies and alerts as they are stored (server-sent events `anomaly`, `alert`, `reset`). After a break, none is missed; some may come again.',
    query: z.strictObject(detectorFilter),
    readsHeaders: { 'last-event-id': 'Id of the last event: resumes after it.' },
    replies: {
      200: { description: 'Events, until either side ends.', schema: z.string(), contentType: 'text/event-stream' },
    },
    handle: async ({ query: { detector }, headers, caller }, { db, live }) => {
      if (detector !== undefined) caller?.requireDetector(detector);
      const last = headers['last-event-id'];
      const from = last === undefined || last === '' ? null : positionOf(last);
      if (from === null && last !== undefined && last !== '')
        throw badRequest('Last-Event-ID', 'It is no id of this stream.', 'Send the id of an event as it came.');
      const stream = await live.follow({
        mayRead: (name) => (detector === undefined || name === detector) && caller?.mayTouch(name) === true,
        from,
        isStillValid: () => isAuthentic(db, headers),
      });
      return { status: 200, body: stream, headers: { 'content-type': 'text/event-stream; charset=utf-8' } };
    },
  }),
];
