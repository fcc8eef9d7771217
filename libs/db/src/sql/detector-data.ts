import { one, type Statement } from '../statement.ts';
import { deleteClaims } from './entities.ts';
import { deleteScoredEvents } from './scored-events.ts';

/**
 * Tables with data of a detector, ordered so that no deletion violates a reference. Definitions are
 * not among them.
 */
export const dataTables = [
  'stream_offsets',
  'stream_gaps',
  'arrivals',
  'reading_ends',
  'window_pieces',
  'window_snapshots',
  'event_id_pieces',
  'partition_discoveries',
  'event_duplicates',
  'entity_partitions',
  'entity_claims',
  'scored_events',
  'event_counts',
  'anomaly_backlog',
  'anomalies',
  'alerts',
  'feedback',
  'confirmed_events',
  'alert_outbox',
  'dead_letters',
  'training_runs',
  'drift_features',
  'drift_days',
  'detectors_in_force',
  'model_aliases',
  'model_versions',
] as const;
export type DataTable = (typeof dataTables)[number];

/** Creates the statement that deletes a detector's rows from one table and counts them. */
export const deleteRowsOf = (table: DataTable): Statement<{ detector: string }, { readonly removed: number }> =>
  special[table] ?? deleteRows(table);

const special: Partial<Record<DataTable, Statement<{ detector: string }, { readonly removed: number }>>> = {
  scored_events: deleteScoredEvents,
  entity_claims: deleteClaims,
};

const deleteRows = (table: DataTable) =>
  one<{ removed: number }, { detector: string }>(`
    WITH removed AS (DELETE FROM flowline.${table} WHERE detector = :detector RETURNING 1)
    SELECT count(*) AS removed FROM removed
  `);
