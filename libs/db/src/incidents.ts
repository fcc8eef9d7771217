import type { AlertFilter, ListedAlertRow } from './alerts.ts';
import type { Database } from './database.ts';
import { pageEnd } from './page-end.ts';
import { selectAlertsOf } from './sql/alert-lists.ts';
import { type IncidentRow, selectIncidents } from './sql/incidents.ts';
import { withTransaction } from './transaction.ts';

/** Alerts that belong together, with the worst of them. */
export interface Incident extends Omit<IncidentRow, 'worstId'> {
  /** Its most severe alert, and of these the most surprising. */
  readonly worst: ListedAlertRow;
}

/** Position of the last row of a page; the next page begins after it. */
export interface IncidentCursor {
  readonly lastSeen: Date;
  readonly incidentId: string;
}

/** Filter for the alerts that are grouped. */
export interface IncidentFilter extends Omit<AlertFilter, 'after'> {
  /** Groups by entity, and alerts without one by detector (default false: all by detector). */
  readonly byEntity?: boolean;
  readonly after?: IncidentCursor;
}

const PAGE = 50;

/**
 * Groups alerts into incidents, the one with the latest anomaly first, in pages: alerts of one
 * detector (or entity) whose times overlap, or are at most five minutes apart. Of more than 50,000
 * alerts, those with the latest anomalies are grouped.
 */
export async function listIncidents(
  db: Database,
  { byEntity = false, after, limit = PAGE, ...conditions }: IncidentFilter = {},
): Promise<{ readonly items: readonly Incident[]; readonly next: IncidentCursor | null }> {
  const position = { byEntity, afterTime: after?.lastSeen ?? null, afterId: after?.incidentId ?? null };
  return withTransaction(
    db,
    async (client) => {
      const rows = await selectIncidents(client, { ...conditions, ...position, limit });
      const worst = await selectAlertsOf(client, { alertIds: rows.map(({ worstId }) => worstId) });
      const byId = new Map(worst.map((alert) => [alert.alertId, alert]));
      const items = rows.flatMap(({ worstId, ...row }) => {
        const found = byId.get(worstId);
        return found === undefined ? [] : [{ ...row, worst: found }];
      });
      const last = pageEnd(rows, limit);
      return { items, next: last && { lastSeen: last.lastSeen, incidentId: last.incidentId } };
    },
    { readOnly: true },
  );
}
