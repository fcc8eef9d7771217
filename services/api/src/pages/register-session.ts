import { closeSession, type Database, findSession, openSession } from '@flowline/db';
import { decodeJson } from '@flowline/stream';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';

import { unauthenticated } from '../authenticate.ts';
import { badRequest } from '../invalid-request.ts';
import { refuseOtherMethods } from '../other-methods.ts';
import { readPart } from '../read-request.ts';
import { removedCookie, requireOwnPage, sessionCookie, sessionTextOf } from './session-cookie.ts';

const SESSION = '/ui/session';
/** Maximum bytes of a request: a token is short. */
const BODY_BYTES = 4_096;

const opening = z.strictObject({ token: z.string().min(1).max(1_000).describe('A token, or a ticket.') });

/**
 * Serves the session of the pages: POST exchanges a token or a ticket for a cookie, GET tells whose
 * session it is, DELETE ends it.
 */
export function registerSession(server: FastifyInstance, db: Database): void {
  server.post(SESSION, { bodyLimit: BODY_BYTES }, async (request, reply) => {
    requireOwnPage(request.method, request.headers);
    const { token } = readPart('body', opening, bodyOf(request.body)) as z.output<typeof opening>;
    const session = await openSession(db, token);
    if (session === null) {
      throw unauthenticated('The token is unknown, has expired, was revoked or, if it works once, has been used.');
    }
    return reply
      .code(201)
      .header('set-cookie', sessionCookie(session.text, session.endsAt, request.headers))
      .send(await seen(db, session.text));
  });
  server.get(SESSION, async (request) => seen(db, sessionTextOf(request.headers)));
  server.delete(SESSION, async (request, reply) => {
    requireOwnPage(request.method, request.headers);
    const text = sessionTextOf(request.headers);
    if (text !== null) await closeSession(db, text);
    return reply.code(204).header('set-cookie', removedCookie).send();
  });
  refuseOtherMethods(server, SESSION, ['POST', 'GET', 'DELETE']);
}

function bodyOf(bytes: unknown): unknown {
  const decoded = decodeJson(Buffer.isBuffer(bytes) ? bytes : Buffer.alloc(0));
  if ('reason' in decoded) throw badRequest('body', decoded.message, 'Send JSON.');
  return decoded.value;
}

/** @throws FlowlineError FLOWLINE_UNAUTHENTICATED without a session. */
async function seen(db: Database, text: string | null) {
  const session = text === null ? null : await findSession(db, text);
  if (session === null) throw unauthenticated('There is no session.');
  const { name, scope, detectors } = session.token;
  return { name, scope, detectors, endsAt: session.endsAt };
}
