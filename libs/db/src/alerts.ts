import type { Database } from './database.ts';
import { pageEnd } from './page-end.ts';
import {
  type AlertConditions,
  type AlertFilterConditions,
  type AlertRow,
  type AlertSourceRow,
  selectAlert,
  selectAlerts,
  selectAlertsOf,
  selectAlertSources,
} from './sql/alert-lists.ts';
import { withTransaction } from './transaction.ts';

/** Alert as people read it. */
export type ListedAlertRow = AlertRow;

/** Position of the last row of a page; the next page begins after it. */
export interface AlertCursor {
  readonly lastSeen: Date;
  readonly alertId: string;
}

/** Filter for alerts. */
export interface AlertFilter extends Partial<Omit<AlertConditions, 'afterTime' | 'afterId'>> {
  /** Maximum rows (default 50). */
  readonly limit?: number;
  readonly after?: AlertCursor;
}

/** Page of alerts; `next` is null at the end. */
export interface AlertPage {
  readonly items: readonly ListedAlertRow[];
  readonly next: AlertCursor | null;
}

const PAGE = 50;

/**
 * Lists alerts, the one with the latest anomaly first, in pages. An alert that grows while pages
 * are read moves to the front: it may be on no later page, and never on two.
 */
export async function listAlerts(db: Database, filter: AlertFilter = {}): Promise<AlertPage> {
  const { after, limit = PAGE, ...conditions } = filter;
  const position = after === undefined ? {} : { afterTime: after.lastSeen, afterId: after.alertId };
  const items = await withTransaction(db, (client) => selectAlerts(client, { ...conditions, ...position, limit }));
  const last = pageEnd(items, limit);
  const next = last && { lastSeen: last.lastSeen, alertId: last.alertId };
  return { items, next };
}

/** Reads alerts by their ids, in any order; those that are gone are left out. */
export function readAlerts(db: Database, alertIds: readonly string[]): Promise<readonly ListedAlertRow[]> {
  return withTransaction(db, (client) => selectAlertsOf(client, { alertIds }));
}

/** Alerts that are about to be changed. */
export interface AlertSelection extends Partial<AlertFilterConditions> {
  readonly alertIds?: readonly string[];
  /** Only those whose snooze ends at another time than this; null for those that have one. */
  readonly notSnoozedUntil?: Date | null;
}

/** Lists the sources of alerts that are about to be changed, those of one source together. */
export function alertSources(
  db: Database,
  selection: AlertSelection,
  limit: number,
): Promise<readonly AlertSourceRow[]> {
  return withTransaction(db, (client) => selectAlertSources(client, { ...selection, limit }));
}

/** Reads one alert; null if there is none of this id, or it has never opened. */
export function getAlert(db: Database, alertId: string): Promise<ListedAlertRow | null> {
  return withTransaction(db, (client) => selectAlert(client, { alertId }));
}
