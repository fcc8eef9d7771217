import { execute, many, maybe, one } from '../statement.ts';

/** Number of columns of {@link copyBacklog}, and so of fields per row. */
export const BACKLOG_FIELDS = 5;

/** COPY statement for pieces of packed anomalies; their ids are in the order of the rows. */
export const copyBacklog = `
  COPY flowline.anomaly_backlog (detector, topic, partition, anomalies, packed) FROM STDIN (FORMAT binary)`;

/** Selects the oldest piece of a detector that waits, with its topic; null if none does. */
export const selectOldestPiece = maybe<{ backlogId: number; topic: string }, { detector: string }>(`
  SELECT backlog_id AS "backlogId", topic FROM flowline.anomaly_backlog
  WHERE detector = :detector AND set_aside_at IS NULL ORDER BY backlog_id LIMIT 1
`);

/** A piece of packed anomalies, with the time for which it has waited. */
export interface BacklogPiece {
  readonly packed: Buffer;
  readonly waitedMs: number;
}

/**
 * Takes the oldest piece of a detector's topic that waits. No row if it is set aside at that
 * moment.
 */
export const deleteOldestPiece = maybe<BacklogPiece, { detector: string; topic: string }>(`
  DELETE FROM flowline.anomaly_backlog WHERE set_aside_at IS NULL AND backlog_id = (
    SELECT min(backlog_id) FROM flowline.anomaly_backlog
    WHERE detector = :detector AND topic = :topic AND set_aside_at IS NULL)
  RETURNING packed, extract(epoch FROM clock_timestamp() - since)::float8 * 1000 AS "waitedMs"
`);

/** Notes why a piece could not be written out; it waits on. */
export const noteBacklogFailure = execute<{ backlogId: number; error: string }>(`
  UPDATE flowline.anomaly_backlog SET attempts = attempts + 1, error = :error, failed_at = clock_timestamp()
  WHERE backlog_id = :backlogId
`);

/** Counts the anomalies of a detector that wait to be written out. */
export const countBacklog = one<{ anomalies: number }, { detector: string }>(`
  SELECT coalesce(sum(anomalies), 0)::integer AS anomalies FROM flowline.anomaly_backlog
  WHERE detector = :detector AND set_aside_at IS NULL
`);

/** Piece of the backlog, as people see it. */
export interface BacklogPieceRow {
  readonly backlogId: number;
  readonly detector: string;
  readonly topic: string;
  readonly partition: number;
  readonly anomalies: number;
  readonly since: Date;
  /** Number of times that it could not be written out. */
  readonly attempts: number;
  /** Reason of the last failure; null for none. */
  readonly error: string | null;
  readonly failedAt: Date | null;
  /** Null while it waits to be written out. */
  readonly setAsideAt: Date | null;
  readonly setAsideReason: string | null;
}

/** Selects pieces of a detector (null: of all) in the order of their ids, after one of them. */
export const selectBacklogPieces = many<
  BacklogPieceRow,
  { detector: string | null; after: number | null; limit: number }
>(`
  SELECT backlog_id AS "backlogId", detector, topic, partition, anomalies, since, attempts, error, failed_at AS "failedAt",
    set_aside_at AS "setAsideAt", set_aside_reason AS "setAsideReason"
  FROM flowline.v1_anomaly_backlog_pieces
  WHERE (:detector::text IS NULL OR detector = :detector) AND (:after::bigint IS NULL OR backlog_id > :after)
  ORDER BY backlog_id LIMIT :limit
`);

/** Sets waiting pieces of a detector aside: those of some ids (null: all). */
export const setBacklogAside = many<
  { anomalies: number },
  { detector: string; ids: readonly number[] | null; reason: string }
>(`
  UPDATE flowline.anomaly_backlog SET set_aside_at = clock_timestamp(), set_aside_reason = :reason
  WHERE detector = :detector AND set_aside_at IS NULL AND (:ids::bigint[] IS NULL OR backlog_id = ANY (:ids))
  RETURNING anomalies
`);

/** Lets pieces of a detector that were set aside wait again: those of some ids (null: all). */
export const reviveBacklog = many<{ anomalies: number }, { detector: string; ids: readonly number[] | null }>(`
  UPDATE flowline.anomaly_backlog SET set_aside_at = NULL, set_aside_reason = NULL
  WHERE detector = :detector AND set_aside_at IS NOT NULL AND (:ids::bigint[] IS NULL OR backlog_id = ANY (:ids))
  RETURNING anomalies
`);
