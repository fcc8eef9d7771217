import type { TestDatabase } from '../support/postgres.ts';

const DAY = "interval '1 day'";

/** Statements that give what was stored at once the times at which it would have been stored. */
const statements: readonly string[] = [
  `UPDATE flowline.anomalies SET scored_at = event_time + interval '2 seconds'`,
  `UPDATE flowline.dead_letters SET stored_at = record_time + interval '2 seconds'`,
  `UPDATE flowline.alerts SET changed_at = coalesce(resolved_at, last_seen),
     acknowledged_at = CASE WHEN acknowledged_at IS NOT NULL THEN first_seen + interval '11 minutes' END`,
  `UPDATE flowline.alert_outbox o SET created_at = a.last_seen, due_at = a.last_seen,
     sent_at = CASE WHEN sent_at IS NOT NULL THEN a.last_seen + interval '3 seconds' END
   FROM flowline.alerts a WHERE a.alert_id = o.alert_id`,
  // Of the days of the events, not of the day of the pictures.
  `DELETE FROM flowline.event_counts`,
  `INSERT INTO flowline.event_counts (detector, model_version, day, topic, partition, events, anomalies, expected)
   SELECT detector, model_version, (starts_at AT TIME ZONE 'UTC')::date, topic, partition,
     sum(events), sum(anomalies), sum(expected)
   FROM flowline.score_summaries JOIN flowline.score_sources USING (source_id)
   WHERE model_version IS NOT NULL GROUP BY 1, 2, 3, 4, 5`,
  ...['model_versions', 'model_artifacts'].map(
    (table) =>
      `UPDATE flowline.${table} SET created_at = created_at - ${DAY} * ${table === 'model_versions' ? 'CASE version WHEN 1 THEN 31 ELSE 12 END' : '12'}`,
  ),
  `UPDATE flowline.training_runs SET
     ${['started_at', 'phase_started_at', 'finished_at', 'requested_at', 'scheduled_for']
       .map((column) => `${column} = ${column} - ${DAY} * CASE model_version WHEN 1 THEN 31 ELSE 12 END`)
       .join(', ')}`,
  `UPDATE flowline.detector_versions SET created_at = created_at - ${DAY} * CASE version WHEN 1 THEN 32 ELSE 12 END`,
  `UPDATE flowline.detectors SET created_at = created_at - ${DAY} * 32, applied_at = applied_at - ${DAY} * 12`,
  `UPDATE flowline.resources SET applied_at = applied_at - ${DAY} * 20`,
  `UPDATE flowline.resource_versions SET applied_at = applied_at - ${DAY} * 20`,
];

/**
 * Makes a database look as if its services had run while the events came: whatever was stored just
 * now gets a time beside those of its events. Rows that may not change are changed as replication
 * changes them.
 */
export async function backdate(database: TestDatabase): Promise<void> {
  const client = await database.client();
  await client.query(`SET session_replication_role = replica`);
  for (const statement of statements) await client.query(statement);
  await client.query('ANALYZE');
}
