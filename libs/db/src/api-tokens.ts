import { createHash, randomBytes } from 'node:crypto';

import { FlowlineError } from '@flowline/events';

import type { Database } from './database.ts';
import {
  type ApiTokenRow,
  insertToken,
  revokeTokenRow,
  selectTokens,
  selectValidToken,
  type TokenScope,
  tokenScopes,
  touchToken,
} from './sql/api-tokens.ts';
import { withTransaction } from './transaction.ts';

export { type TokenScope, tokenScopes };

/** Bearer token of the API as stored; its text is not. */
export type ApiToken = ApiTokenRow;

/** Rights of a new token. */
export interface NewToken {
  /** Name for people, shown in the audit log. */
  readonly name: string;
  readonly scope: TokenScope;
  /** The only detectors that it is for; null for all. */
  readonly detectors: readonly string[] | null;
  readonly expiresAt: Date | null;
}

/** Form of a token: a prefix by which scanners for secrets know it, and 256 random bits. */
const TOKEN = /^flowline_[A-Za-z0-9_-]{43}$/;

/** Creates a token. Its text is returned once, and only its SHA-256 is stored. */
export async function createToken(
  db: Database,
  { name, scope, detectors, expiresAt }: NewToken,
): Promise<{ readonly text: string; readonly token: ApiToken }> {
  const text = `flowline_${randomBytes(32).toString('base64url')}`;
  const row = { name, scope, detectors, expiresAt, hash: hashOf(text) };
  return { text, token: await withTransaction(db, (client) => insertToken(client, row)) };
}

/**
 * Finds the token of a text and notes its use; null if there is none, it has expired, or it was
 * revoked.
 */
export async function findToken(db: Database, text: string): Promise<ApiToken | null> {
  if (!TOKEN.test(text)) return null;
  return withTransaction(db, async (client) => {
    const token = await selectValidToken(client, { hash: hashOf(text) });
    if (token !== null && isUseStale(token)) await touchToken(client, { tokenId: token.tokenId });
    return token;
  });
}

/** Lists tokens, the newest first, below an id. */
export function listTokens(
  db: Database,
  { before, limit = 50 }: { readonly before?: number; readonly limit?: number } = {},
): Promise<ApiToken[]> {
  return withTransaction(db, (client) => selectTokens(client, { before: before ?? null, limit }));
}

/**
 * Revokes a token, at once for every process.
 * @throws FlowlineError FLOWLINE_NOT_FOUND.
 */
export async function revokeToken(db: Database, tokenId: number): Promise<ApiToken> {
  const token = await withTransaction(db, (client) => revokeTokenRow(client, { tokenId }));
  if (token !== null) return token;
  throw new FlowlineError('FLOWLINE_NOT_FOUND', `There is no token ${tokenId}.`, {
    where: `token ${tokenId}`,
    remedy: 'List the tokens with `flowline tokens ls`.',
  });
}

const hashOf = (text: string): Buffer => createHash('sha256').update(text).digest();

const USE_MS = 60_000;
const isUseStale = ({ lastUsedAt }: ApiToken): boolean =>
  lastUsedAt === null || lastUsedAt.getTime() < Date.now() - USE_MS;
