import { execute, maybe } from '../statement.ts';
import type { ApiTokenRow } from './api-tokens.ts';

/** Adds a session or a ticket of a token, and removes those that have ended. */
export const insertSession = execute<{ hash: Buffer; tokenId: number; isTicket: boolean; expiresAt: Date }>(`
  WITH ended AS (DELETE FROM flowline.api_sessions WHERE expires_at < now())
  INSERT INTO flowline.api_sessions (hash, token_id, is_ticket, expires_at)
  VALUES (:hash, :tokenId, :isTicket, :expiresAt)
`);

const valid = `
  t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > now())`;

/** Token of a session, and the end of the session. */
export type SessionRow = ApiTokenRow & { readonly sessionEndsAt: Date };

/** Selects the token of a session, unless either has ended. */
export const selectSession = maybe<SessionRow, { hash: Buffer }>(`
  SELECT t.token_id AS "tokenId", t.name, t.scope, t.detectors, t.created_at AS "createdAt",
    t.expires_at AS "expiresAt", t.revoked_at AS "revokedAt", t.last_used_at AS "lastUsedAt",
    s.expires_at AS "sessionEndsAt"
  FROM flowline.api_sessions s JOIN flowline.api_tokens t USING (token_id)
  WHERE s.hash = :hash AND NOT s.is_ticket AND s.expires_at > now() AND ${valid}
`);

/** Takes a ticket, once, and returns its token; no row for one that was taken or has ended. */
export const takeTicketRow = maybe<{ tokenId: number }, { hash: Buffer }>(`
  DELETE FROM flowline.api_sessions s USING flowline.api_tokens t
  WHERE s.hash = :hash AND s.is_ticket AND s.expires_at > now() AND t.token_id = s.token_id AND ${valid}
  RETURNING s.token_id AS "tokenId"
`);

/** Deletes a session. */
export const deleteSession = execute<{ hash: Buffer }>(`
  DELETE FROM flowline.api_sessions WHERE hash = :hash
`);
