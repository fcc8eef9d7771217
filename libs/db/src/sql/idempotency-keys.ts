import { execute, maybe } from '../statement.ts';

/** First request under a key; its response is null while it is under way. */
export interface StoredRequestRow {
  readonly requestHash: Buffer;
  readonly status: number | null;
  readonly headers: Readonly<Record<string, string>> | null;
  readonly body: string | null;
}

/** Deletes keys older than a day, at most a hundred per call. */
export const expireKeys = execute(`
  DELETE FROM flowline.idempotency_keys WHERE (token_id, key) IN (
    SELECT token_id, key FROM flowline.idempotency_keys WHERE created_at < now() - interval '24 hours' LIMIT 100)
`);

/**
 * Claims a key; no row if another request has it. One that is under way for a minute is taken for
 * lost with its process, and one older than a day is forgotten.
 */
export const claimKey = maybe<{ key: string }, { tokenId: number; key: string; requestHash: Buffer }>(`
  INSERT INTO flowline.idempotency_keys AS known (token_id, key, request_hash) VALUES (:tokenId, :key, :requestHash)
  ON CONFLICT (token_id, key) DO UPDATE
    SET request_hash = excluded.request_hash, created_at = clock_timestamp(), status = NULL, headers = NULL, body = NULL
    WHERE known.created_at < clock_timestamp() - interval '24 hours'
      OR known.status IS NULL AND known.created_at < clock_timestamp() - interval '1 minute'
  RETURNING key
`);

/** Selects the request under a key. */
export const selectKey = maybe<StoredRequestRow, { tokenId: number; key: string }>(`
  SELECT request_hash AS "requestHash", status, headers, body FROM flowline.idempotency_keys
  WHERE token_id = :tokenId AND key = :key
`);

/** Stores the response to the request under a key. */
export const storeResponse = execute<{
  tokenId: number;
  key: string;
  status: number;
  headers: string;
  body: string;
}>(`
  UPDATE flowline.idempotency_keys SET status = :status, headers = :headers::jsonb, body = :body
  WHERE token_id = :tokenId AND key = :key
`);

/** Releases a key whose request has failed. */
export const deleteKey = execute<{ tokenId: number; key: string }>(`
  DELETE FROM flowline.idempotency_keys WHERE token_id = :tokenId AND key = :key AND status IS NULL
`);
