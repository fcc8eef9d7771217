import type { StoredAnomaly } from './anomalies.ts';
import type { ListedAlertRow } from './alerts.ts';
import type { Database } from './database.ts';
import { selectChangedAlerts } from './sql/alert-lists.ts';
import { selectLastAnomaly, selectNewAnomalies } from './sql/anomalies.ts';
import { withTransaction } from './transaction.ts';

/** Ids of anomalies that may be new: those beyond `after`, and those within ranges. */
export interface NewAnomalies {
  readonly after: number;
  /** Ranges of ids, both ends inclusive. */
  readonly gaps: readonly (readonly [number, number])[];
  readonly limit: number;
}

/** Lists the anomalies of ids that may be new, by id. */
export function listNewAnomalies(db: Database, { after, gaps, limit }: NewAnomalies): Promise<StoredAnomaly[]> {
  const ranges = { froms: gaps.map(([low]) => low), tos: gaps.map(([, high]) => high) };
  return withTransaction(db, (client) => selectNewAnomalies(client, { after, ...ranges, limit }));
}

/** Reads the greatest id of an anomaly; 0 for none. */
export async function lastAnomalyId(db: Database): Promise<number> {
  return (await withTransaction(db, (client) => selectLastAnomaly(client))).anomalyId;
}

/** Alert with the time of its last change. */
export type ChangedAlert = ListedAlertRow & { readonly changedAt: Date };

/** Lists the alerts that have changed in the last seconds, the latest change last. */
export function listChangedAlerts(db: Database, seconds: number, limit: number): Promise<ChangedAlert[]> {
  return withTransaction(db, (client) => selectChangedAlerts(client, { seconds, limit }));
}
