import type { AlertRules } from '@flowline/alerts';
import { FlowlineError } from '@flowline/events';

import type { Database } from './database.ts';
import { resolveRows } from './resolve-rows.ts';
import { lockAlertState, selectAlert, updateAcknowledged, updateSnoozed } from './sql/alert-lists.ts';
import { lockAlerts } from './sql/alerts.ts';
import { type AlertAddress, storeMessages } from './store-messages.ts';
import { withTransaction } from './transaction.ts';

/**
 * Notes that somebody has seen an alert. The first name stays.
 * @param by null for the database user.
 * @throws FlowlineError FLOWLINE_NOT_FOUND.
 */
export async function acknowledgeAlert(db: Database, alertId: string, by: string | null): Promise<void> {
  const found = await withTransaction(db, (client) => updateAcknowledged(client, { alertId, by }));
  if (found === null) throw alertMissing(alertId);
}

/**
 * Holds back the messages of an alert until a time, except that of its resolution; null ends that.
 * @throws FlowlineError FLOWLINE_NOT_FOUND.
 */
export async function snoozeAlert(db: Database, alertId: string, until: Date | null): Promise<void> {
  const found = await withTransaction(db, (client) => updateSnoozed(client, { alertId, until }));
  if (found === null) throw alertMissing(alertId);
}

/** Rules of an alert's detector, and the destinations of the message; none if nobody is told. */
export interface ResolveOptions {
  readonly rules: AlertRules;
  readonly addresses: readonly AlertAddress[];
}

/**
 * Resolves an open alert by hand, as of its last anomaly, and stores the message about it. A
 * batch that is being stored comes wholly before or after it. An alert that is not open stays as it
 * is.
 * @returns true if it was open.
 * @throws FlowlineError FLOWLINE_NOT_FOUND.
 */
export async function resolveAlert(
  db: Database,
  alertId: string,
  { rules, addresses }: ResolveOptions,
): Promise<boolean> {
  return withTransaction(db, async (client) => {
    const found = await selectAlert(client, { alertId });
    if (found === null) throw alertMissing(alertId);
    const { detector, topic } = found;
    await lockAlerts(client, { detector, topic });
    const row = await lockAlertState(client, { alertId });
    if (row === null) throw alertMissing(alertId);
    if (row.phase !== 'open') return false;
    const place = { detector, topic, partition: row.partition };
    const messages = await resolveRows(client, place, [row], rules, ({ lastMs }) => lastMs);
    await storeMessages(client, detector, rules.sendResolved ? messages : [], addresses);
    return true;
  });
}

/** Creates the error for an id that no alert has. */
export function alertMissing(alertId: string): FlowlineError {
  return new FlowlineError('FLOWLINE_NOT_FOUND', `There is no alert ${alertId}.`, {
    where: `alert ${alertId}`,
    remedy: 'List the alerts; one is deleted some time after its end.',
  });
}
