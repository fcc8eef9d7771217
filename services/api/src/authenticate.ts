import { type Database, findToken } from '@flowline/db';
import { FlowlineError } from '@flowline/events';

import { Caller } from './caller.ts';

/**
 * Finds the sender of a request by its header Authorization; null if it has none.
 * @throws FlowlineError FLOWLINE_UNAUTHENTICATED for a header without a valid token.
 */
export async function authenticate(db: Database, authorization: string | undefined): Promise<Caller | null> {
  if (authorization === undefined) return null;
  const text = /^Bearer +(\S+) *$/i.exec(authorization)?.[1];
  const token = text === undefined ? null : await findToken(db, text);
  if (token === null) throw unauthenticated('The token is unknown, has expired, or was revoked.');
  return new Caller(token);
}

/**
 * True if a header Authorization has a token that is valid now.
 * @throws the error of the database.
 */
export async function isAuthentic(db: Database, authorization: string): Promise<boolean> {
  try {
    return (await authenticate(db, authorization)) !== null;
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
