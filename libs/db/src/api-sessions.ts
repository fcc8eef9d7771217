import { createHash, randomBytes } from 'node:crypto';

import { type ApiToken, findToken } from './api-tokens.ts';
import type { Database } from './database.ts';
import { deleteSession, insertSession, selectSession, takeTicketRow } from './sql/api-sessions.ts';
import { touchToken } from './sql/api-tokens.ts';
import { withTransaction } from './transaction.ts';

/** Session of the pages: its secret, which is returned once, and its end. */
export interface NewSession {
  readonly text: string;
  readonly endsAt: Date;
}

/** Token with whose rights a session acts, and the end of the session. */
export interface Session {
  readonly token: ApiToken;
  readonly endsAt: Date;
}

const SESSION = /^session_[A-Za-z0-9_-]{43}$/;
const TICKET = /^ticket_[A-Za-z0-9_-]{43}$/;
const HOUR_MS = 3_600_000;
/** Length of a session: a working day. */
const SESSION_MS = 12 * HOUR_MS;
const USE_MS = 60_000;

/** Creates a ticket, which {@link openSession} takes once in place of the token. */
export async function createTicket(db: Database, tokenId: number, validMs = HOUR_MS): Promise<string> {
  const text = secret('ticket');
  const row = { hash: hashOf(text), tokenId, isTicket: true, expiresAt: new Date(Date.now() + validMs) };
  await withTransaction(db, (client) => insertSession(client, row));
  return text;
}

/**
 * Opens a session with the text of a token or of a ticket; null if it is unknown, has ended or, for
 * a ticket, was taken before.
 */
export async function openSession(db: Database, given: string): Promise<NewSession | null> {
  const text = secret('session');
  const endsAt = new Date(Date.now() + SESSION_MS);
  const row = { hash: hashOf(text), isTicket: false, expiresAt: endsAt };
  if (TICKET.test(given)) {
    return withTransaction(db, async (client) => {
      const ticket = await takeTicketRow(client, { hash: hashOf(given) });
      if (ticket === null) return null;
      await insertSession(client, { ...row, ...ticket });
      return { text, endsAt };
    });
  }
  const token = await findToken(db, given);
  if (token === null) return null;
  await withTransaction(db, (client) => insertSession(client, { ...row, tokenId: token.tokenId }));
  return { text, endsAt };
}

/**
 * Finds the session of a text, and notes the use of its token; null if it or the token has ended.
 */
export async function findSession(db: Database, text: string): Promise<Session | null> {
  if (!SESSION.test(text)) return null;
  return withTransaction(db, async (client) => {
    const found = await selectSession(client, { hash: hashOf(text) });
    if (found === null) return null;
    const { sessionEndsAt: endsAt, ...token } = found;
    const isUseStale = token.lastUsedAt === null || token.lastUsedAt.getTime() < Date.now() - USE_MS;
    if (isUseStale) await touchToken(client, { tokenId: token.tokenId });
    return { token, endsAt };
  });
}

/** Ends a session, for every process. */
export async function closeSession(db: Database, text: string): Promise<void> {
  await withTransaction(db, (client) => deleteSession(client, { hash: hashOf(text) }));
}

const secret = (kind: 'session' | 'ticket'): string => `${kind}_${randomBytes(32).toString('base64url')}`;
const hashOf = (text: string): Buffer => createHash('sha256').update(text).digest();
