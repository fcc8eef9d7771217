import { type Database, findSession, findToken } from '@flowline/db';
import { FlowlineError } from '@flowline/events';

import { Caller } from './caller.ts';
import { requireOwnPage, sessionTextOf } from './pages/session-cookie.ts';

/** Headers by which a sender is known. */
export type SenderHeaders = Readonly<Record<string, unknown>>;

/**
 * Finds the sender of a request by its header Authorization, or by the session of a page; null if
 * it has neither.
 * @throws FlowlineError FLOWLINE_UNAUTHENTICATED for a header without a valid token;
 * FLOWLINE_FORBIDDEN for a change that no page of ours has sent.
 */
export async function authenticate(
  db: Database,
  { method, headers }: { readonly method: string; readonly headers: SenderHeaders },
): Promise<Caller | null> {
  const { authorization } = headers;
  if (authorization === undefined) return callerOfSession(db, method, headers);
  const text = typeof authorization === 'string' ? /^Bearer +(\S+) *$/i.exec(authorization)?.[1] : undefined;
  const token = text === undefined ? null : await findToken(db, text);
  if (token === null) throw unauthenticated('The token is unknown, has expired, or was revoked.');
  return new Caller(token);
}

async function callerOfSession(db: Database, method: string, headers: SenderHeaders): Promise<Caller | null> {
  const text = sessionTextOf(headers);
  const session = text === null ? null : await findSession(db, text);
  if (session === null) return null;
  requireOwnPage(method, headers);
  return new Caller(session.token);
}

/**
 * True if the sender of a request may still read.
 * @throws the error of the database.
 */
export async function isAuthentic(db: Database, headers: SenderHeaders): Promise<boolean> {
  try {
    return (await authenticate(db, { method: 'GET', headers })) !== null;
  } catch (error) {
    if (error instanceof FlowlineError && error.code === 'FLOWLINE_UNAUTHENTICATED') return false;
    throw error;
  }
}

/** Creates the error for a request without a valid token. */
export function unauthenticated(message: string): FlowlineError {
  return new FlowlineError('FLOWLINE_UNAUTHENTICATED', message, {
    where: 'Authorization',
    remedy: 'Send `Authorization: Bearer <token>`; `flowline tokens create` makes one.',
  });
}
