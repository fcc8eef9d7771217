import { ENTRY_BYTES } from '../claim-rows.ts';
import { execute, many, one } from '../statement.ts';

/**
 * Locks stripes of the claims of a scope until the transaction ends, in the order given. Returns
 * the scope, whether claims in the earlier form are left, and the day, since 1970.
 */
export const lockClaims = one<
  { scopeId: number; hasEarlier: boolean; today: number },
  { detector: string; topic: string; topicId: string; key: readonly string[]; stripes: readonly number[] }
>(`
  SELECT scope_id AS "scopeId", has_earlier AS "hasEarlier", today
  FROM flowline.lock_claims(:detector, :topic, :topicId, :key::text[], :stripes::integer[])
`);

/** Locks stripes of the claims of a scope until the transaction ends, in the order given. */
export const lockStripes = execute<{ scopeId: number; stripes: readonly number[] }>(`
  SELECT flowline.lock_stripes(:scopeId, :stripes::integer[])
`);

/** Selects the rows of a scope in which these heads of hashes lie, as far as there are any. */
export const selectClaimRows = many<
  { low: number; oldest: number; entries: Buffer },
  { scopeId: number; heads: readonly number[]; stripeMask: number }
>(`
  SELECT low, oldest - '1970-01-01'::date AS oldest, entries FROM flowline.entity_claims
  WHERE scope_id = :scopeId AND low IN (
    SELECT (SELECT max(c.low) FROM flowline.entity_claims c
            WHERE c.scope_id = :scopeId AND c.low BETWEEN head & :stripeMask::integer AND head)
    FROM unnest(:heads::integer[]) AS head)
  ORDER BY low
`);

/** Puts entries before those of rows. */
export const extendClaimRows = execute<{ scopeId: number; lows: readonly number[]; added: readonly Buffer[] }>(`
  UPDATE flowline.entity_claims AS c SET entries = a.added || c.entries
  FROM unnest(:lows::integer[], :added::bytea[]) AS a (low, added)
  WHERE c.scope_id = :scopeId AND c.low = a.low
`);

/** Replaces the entries of rows. */
export const replaceClaimRows = execute<{
  scopeId: number;
  lows: readonly number[];
  oldest: readonly number[];
  entries: readonly Buffer[];
}>(`
  UPDATE flowline.entity_claims AS c SET entries = r.entries, oldest = '1970-01-01'::date + r.oldest
  FROM unnest(:lows::integer[], :oldest::integer[], :entries::bytea[]) AS r (low, oldest, entries)
  WHERE c.scope_id = :scopeId AND c.low = r.low
`);

/** Inserts rows of claims. */
export const insertClaimRows = execute<{
  scopeId: number;
  lows: readonly number[];
  oldest: readonly number[];
  entries: readonly Buffer[];
}>(`
  INSERT INTO flowline.entity_claims (scope_id, low, oldest, entries)
  SELECT :scopeId, low, '1970-01-01'::date + oldest, entries
  FROM unnest(:lows::integer[], :oldest::integer[], :entries::bytea[]) AS r (low, oldest, entries)
`);

/** Deletes rows of claims. */
export const deleteClaimRows = execute<{ scopeId: number; lows: readonly number[] }>(`
  DELETE FROM flowline.entity_claims WHERE scope_id = :scopeId AND low = ANY (:lows::integer[])
`);

/** Selects rows of one scope of a detector with claims last noted over `keepDays` ago. */
export const selectExpiredClaimRows = many<
  { scopeId: number; low: number; firstKept: number },
  { detector: string; keepDays: number; limit: number }
>(`
  SELECT scope_id AS "scopeId", low, current_date - :keepDays::integer - '1970-01-01'::date AS "firstKept"
  FROM flowline.entity_claims WHERE oldest < current_date - :keepDays::integer AND scope_id = (
    SELECT c.scope_id FROM flowline.entity_claims c JOIN flowline.entity_scopes s ON s.scope_id = c.scope_id
    WHERE s.detector = :detector AND c.oldest < current_date - :keepDays::integer LIMIT 1)
  LIMIT :limit
`);

/** Deletes and returns claims in the earlier form, a row each; the day is since 1970. */
export const takeEarlierClaims = many<
  { entity: string; partition: number; day: number },
  { detector: string; topic: string; topicId: string; key: readonly string[]; entities: readonly string[] }
>(`
  DELETE FROM flowline.entity_partitions
  WHERE detector = :detector AND topic = :topic AND topic_id = :topicId AND key = :key::text[]
    AND entity = ANY (:entities::text[])
  RETURNING entity, partition, last_seen - '1970-01-01'::date AS day
`);

/**
 * Deletes claims in the earlier form of a detector's entities that were last seen more than
 * `keepDays` ago, at most `limit` per call, oldest first. A claim that is renewed meanwhile stays.
 */
export const expireEntities = one<{ removed: number }, { detector: string; keepDays: number; limit: number }>(`
  WITH removed AS (
    DELETE FROM flowline.entity_partitions
    WHERE last_seen < current_date - :keepDays::integer AND ctid = ANY (ARRAY(
      SELECT ctid FROM flowline.entity_partitions
      WHERE detector = :detector AND last_seen < current_date - :keepDays::integer
      ORDER BY last_seen LIMIT :limit))
    RETURNING 1)
  SELECT count(*)::integer AS removed FROM removed
`);

/** Deletes the claims of a detector's entities and counts them. */
export const deleteClaims = one<{ removed: number }, { detector: string }>(`
  WITH scopes AS (DELETE FROM flowline.entity_scopes WHERE detector = :detector RETURNING scope_id)
  SELECT coalesce(sum(octet_length(entries) / ${ENTRY_BYTES}), 0)::integer AS removed
  FROM flowline.entity_claims WHERE scope_id IN (SELECT scope_id FROM scopes)
`);
