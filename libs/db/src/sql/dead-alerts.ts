import { statement } from '../statement.ts';

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
export const selectDeadAlerts = statement<
  [detector: string | null, before: number | null, limit: number],
  DeadAlertRow
>(`
  SELECT outbox_id AS "outboxId", alert_id AS "alertId", detector, sink, topic, octet_length(value) AS bytes, error, attempts,
         created_at AS "createdAt", dead_at AS "deadAt"
  FROM flowline.alert_outbox
  WHERE dead_at IS NOT NULL AND ($1::text IS NULL OR detector = $1) AND ($2::bigint IS NULL OR outbox_id < $2)
  ORDER BY outbox_id DESC LIMIT $3
`);

/** Returns set-aside alerts of a detector (null: all of them) to the queue. */
export const reviveDeadAlerts = statement<
  [detector: string, outboxIds: readonly number[] | null],
  { readonly outboxId: number }
>(`
  UPDATE flowline.alert_outbox SET dead_at = NULL
  WHERE dead_at IS NOT NULL AND detector = $1 AND ($2::bigint[] IS NULL OR outbox_id = ANY ($2))
  RETURNING outbox_id AS "outboxId"
`);
