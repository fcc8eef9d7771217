import { execute, many, maybe, one } from '../statement.ts';

/** Selects the last snapshot of a partition's windows, and its state if that is in one piece. */
export const selectWindows = maybe<
  { id: string; nextOffset: number; token: string | null; state: Buffer },
  { detector: string; topic: string; partition: number }
>(`
  SELECT windows_id AS id, next_offset AS "nextOffset", token, state FROM flowline.window_snapshots
  WHERE detector = :detector AND topic = :topic AND partition = :partition
`);

/** Selects pieces of a partition's windows after one of them, in order. */
export const selectWindowPieces = many<
  { nextOffset: number; part: number; bytes: Buffer },
  { detector: string; topic: string; partition: number; afterOffset: number; afterPart: number; limit: number }
>(`
  SELECT next_offset AS "nextOffset", part, bytes FROM flowline.window_pieces
  WHERE detector = :detector AND topic = :topic AND partition = :partition
    AND (next_offset, part) > (:afterOffset::bigint, :afterPart::integer)
  ORDER BY next_offset, part LIMIT :limit
`);

/**
 * Begins the windows of a partition with a snapshot of the whole state, and deletes the pieces
 * before. An older snapshot never replaces a newer one of the same kind.
 */
export const replaceWindows = one<
  { stored: number },
  {
    detector: string;
    topic: string;
    partition: number;
    id: string;
    nextOffset: number;
    token: string | null;
    limits: readonly string[];
  }
>(`
  WITH stored AS (
    INSERT INTO flowline.window_snapshots AS kept (detector, topic, partition, windows_id, next_offset, token, limits, state)
    VALUES (:detector, :topic, :partition, :id, :nextOffset, :token, :limits::text[], '')
    ON CONFLICT (detector, topic, partition) DO UPDATE
    SET windows_id = excluded.windows_id, next_offset = excluded.next_offset, token = excluded.token,
        limits = excluded.limits, state = excluded.state, stored_at = now()
    WHERE kept.windows_id <> excluded.windows_id OR kept.next_offset < excluded.next_offset
    RETURNING 1
  ), deleted AS (
    DELETE FROM flowline.window_pieces
    WHERE detector = :detector AND topic = :topic AND partition = :partition AND EXISTS (SELECT FROM stored)
  )
  SELECT count(*)::integer AS stored FROM stored
`);

/**
 * Extends the windows of a partition by a snapshot, if it follows the last one there, and deletes
 * the pieces that are not needed any more.
 */
export const extendWindows = one<
  { stored: number },
  {
    detector: string;
    topic: string;
    partition: number;
    id: string;
    nextOffset: number;
    token: string | null;
    limits: readonly string[];
    follows: string;
    keepFrom: number;
  }
>(`
  WITH stored AS (
    UPDATE flowline.window_snapshots
    SET next_offset = :nextOffset, token = :token, limits = :limits::text[], stored_at = now()
    WHERE detector = :detector AND topic = :topic AND partition = :partition
      AND windows_id = :id AND token = :follows
    RETURNING 1
  ), deleted AS (
    DELETE FROM flowline.window_pieces
    WHERE detector = :detector AND topic = :topic AND partition = :partition
      AND next_offset < :keepFrom AND EXISTS (SELECT FROM stored)
  )
  SELECT count(*)::integer AS stored FROM stored
`);

/** Inserts a piece of a partition's windows. */
export const insertWindowPiece = execute<{
  detector: string;
  topic: string;
  partition: number;
  nextOffset: number;
  part: number;
  bytes: Buffer;
}>(`
  INSERT INTO flowline.window_pieces (detector, topic, partition, next_offset, part, bytes)
  VALUES (:detector, :topic, :partition, :nextOffset, :part, :bytes)
`);

/** Selects the partitions whose windows reached limits between their last two snapshots. */
export const selectWindowLimits = many<{ topic: string; partition: number; limits: string[] }, { detector: string }>(`
  SELECT topic, partition, limits FROM flowline.window_snapshots
  WHERE detector = :detector AND limits <> '{}' ORDER BY topic, partition
`);

/** Deletes the window snapshots of a topic and its entity claims. */
export const deleteWindows = execute<{ detector: string; topic: string }>(`
  WITH snapshots AS (DELETE FROM flowline.window_snapshots WHERE detector = :detector AND topic = :topic),
       earlier AS (DELETE FROM flowline.entity_partitions WHERE detector = :detector AND topic = :topic)
  DELETE FROM flowline.entity_scopes WHERE detector = :detector AND topic = :topic
`);
