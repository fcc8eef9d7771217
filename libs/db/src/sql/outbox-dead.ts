import { statement } from '../statement.ts';

/** An alert that its sink refuses. */
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

/** Alerts that were set aside, of a detector (null: of any), the latest first, before an id. */
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

/** Lets alerts of a detector that were set aside wait again: all of them for null. */
export const reviveDeadAlerts = statement<
  [detector: string, outboxIds: readonly number[] | null],
  { readonly outboxId: number }
>(`
  UPDATE flowline.alert_outbox SET dead_at = NULL
  WHERE dead_at IS NOT NULL AND detector = $1 AND ($2::bigint[] IS NULL OR outbox_id = ANY ($2))
  RETURNING outbox_id AS "outboxId"
`);
