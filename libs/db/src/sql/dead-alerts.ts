import { many, one } from '../statement.ts';

/** Alert that its sink refuses. */
export interface DeadAlertRow {
  readonly outboxId: number;
  readonly alertId: string;
  readonly detector: string;
  readonly sink: string;
  readonly topic: string;
  readonly bytes: number;
  readonly error: string | null;
  readonly attempts: number;
  readonly createdAt: Date;
  readonly deadAt: Date;
}

/** Selects the set-aside alerts of a detector (null: of all), latest first, below an id. */
export const selectDeadAlerts = many<DeadAlertRow, { detector: string | null; before: number | null; limit: number }>(`
  SELECT outbox_id AS "outboxId", alert_id AS "alertId", detector, sink, topic, octet_length(value) AS bytes, error,
         attempts, created_at AS "createdAt", dead_at AS "deadAt"
  FROM flowline.alert_outbox
  WHERE dead_at IS NOT NULL AND (:detector::text IS NULL OR detector = :detector)
    AND (:before::bigint IS NULL OR outbox_id < :before)
  ORDER BY outbox_id DESC LIMIT :limit
`);

/** Returns set-aside alerts of a detector (null: all of them) to the queue. */
export const reviveDeadAlerts = many<{ outboxId: number }, { detector: string; outboxIds: readonly number[] | null }>(`
  UPDATE flowline.alert_outbox SET dead_at = NULL, due_at = clock_timestamp(), failing_since = NULL
  WHERE dead_at IS NOT NULL AND detector = :detector AND (:outboxIds::bigint[] IS NULL OR outbox_id = ANY (:outboxIds))
  RETURNING outbox_id AS "outboxId"
`);

/**
 * Deletes alerts of a detector set aside more than `keepDays` ago, at most `limit` per call, oldest
 * first.
 */
export const expireDeadAlerts = one<{ removed: number }, { detector: string; keepDays: number; limit: number }>(`
  WITH removed AS (
    DELETE FROM flowline.alert_outbox WHERE outbox_id IN (
      SELECT outbox_id FROM flowline.alert_outbox
      WHERE detector = :detector AND dead_at < now() - make_interval(days => :keepDays::integer)
      ORDER BY dead_at LIMIT :limit)
    RETURNING 1)
  SELECT count(*)::integer AS removed FROM removed
`);
