import { execute, many, maybe, one } from '../statement.ts';

/** Rights of a token. Each includes those before it. */
export const tokenScopes = ['read', 'operate', 'admin'] as const;
export type TokenScope = (typeof tokenScopes)[number];

/** Bearer token of the API, without its text, which is not stored. */
export interface ApiTokenRow {
  readonly tokenId: number;
  readonly name: string;
  readonly scope: TokenScope;
  /** The only detectors that it is for; null for all. */
  readonly detectors: readonly string[] | null;
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
  readonly lastUsedAt: Date | null;
}

const columns = `
  token_id AS "tokenId", name, scope, detectors, created_at AS "createdAt", expires_at AS "expiresAt",
  revoked_at AS "revokedAt", last_used_at AS "lastUsedAt"`;

/** Adds a token. */
export const insertToken = one<
  ApiTokenRow,
  { name: string; hash: Buffer; scope: TokenScope; detectors: readonly string[] | null; expiresAt: Date | null }
>(`
  INSERT INTO flowline.api_tokens (name, hash, scope, detectors, expires_at)
  VALUES (:name, :hash, :scope, :detectors::text[], :expiresAt) RETURNING ${columns}
`);

/** Selects the token of a hash, unless it is revoked or has expired. */
export const selectValidToken = maybe<ApiTokenRow, { hash: Buffer }>(`
  SELECT ${columns} FROM flowline.api_tokens
  WHERE hash = :hash AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())
`);

/** Notes the use of a token, at most once a minute. */
export const touchToken = execute<{ tokenId: number }>(`
  UPDATE flowline.api_tokens SET last_used_at = now()
  WHERE token_id = :tokenId AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')
`);

/** Selects tokens, the newest first, below an id. */
export const selectTokens = many<ApiTokenRow, { before: number | null; limit: number }>(`
  SELECT ${columns} FROM flowline.api_tokens
  WHERE :before::bigint IS NULL OR token_id < :before ORDER BY token_id DESC LIMIT :limit
`);

/** Revokes a token; one that is revoked already keeps its time. No row for an unknown id. */
export const revokeTokenRow = maybe<ApiTokenRow, { tokenId: number }>(`
  UPDATE flowline.api_tokens SET revoked_at = coalesce(revoked_at, now()) WHERE token_id = :tokenId
  RETURNING ${columns}
`);
