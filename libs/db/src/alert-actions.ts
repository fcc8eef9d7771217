import type { AlertRules } from '@flowline/alerts';
import { FlowlineError } from '@flowline/events';

import type { Database } from './database.ts';
import { resolveRows } from './resolve-rows.ts';
import {
  lockAlertStates,
  selectAlert,
  updateAcknowledged,
  updateAllAcknowledged,
  updateAllSnoozed,
  updateSnoozed,
} from './sql/alert-lists.ts';
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

/** Alerts of one source, which are changed in one transaction. */
export interface AlertsOfSource {
  readonly detector: string;
  readonly topic: string;
  readonly alertIds: readonly string[];
}

/**
 * Resolves an open alert by hand, as of its last anomaly, and stores the message about it. A
 * batch that is being stored comes wholly before or after it. An alert that is not open stays as it
 * is.
 * @returns true if it was open.
 * @throws FlowlineError FLOWLINE_NOT_FOUND.
 */
export async function resolveAlert(db: Database, alertId: string, options: ResolveOptions): Promise<boolean> {
  const found = await withTransaction(db, (client) => selectAlert(client, { alertId }));
  if (found === null) throw alertMissing(alertId);
  const { detector, topic } = found;
  return (await resolveAlerts(db, { detector, topic, alertIds: [alertId] }, options)) > 0;
}

/**
 * Resolves the open alerts among some of one source, as {@link resolveAlert} does.
 * @returns the number of those that were open.
 */
export async function resolveAlerts(
  db: Database,
  { detector, topic, alertIds }: AlertsOfSource,
  { rules, addresses }: ResolveOptions,
): Promise<number> {
  return withTransaction(db, async (client) => {
    await lockAlerts(client, { detector, topic });
    const open = (await lockAlertStates(client, { alertIds })).filter(({ phase }) => phase === 'open');
    for (const partition of new Set(open.map((row) => row.partition))) {
      const rows = open.filter((row) => row.partition === partition);
      const place = { detector, topic, partition };
      const messages = await resolveRows(client, place, rows, rules, ({ lastMs }) => lastMs);
      await storeMessages(client, detector, rules.sendResolved ? messages : [], addresses);
    }
    return open.length;
  });
}

/**
 * Notes that somebody has seen alerts of one source; those that were seen before keep their name.
 * @param by null for the database user.
 * @returns the number of those that nobody had seen.
 */
export async function acknowledgeAlerts(
  db: Database,
  { detector, topic, alertIds }: AlertsOfSource,
  by: string | null,
): Promise<number> {
  return withTransaction(db, async (client) => {
    await lockAlerts(client, { detector, topic });
    return (await updateAllAcknowledged(client, { alertIds, by })).length;
  });
}

/** Snoozes alerts of one source until a time, as {@link snoozeAlert} does; returns their number. */
export async function snoozeAlerts(
  db: Database,
  { detector, topic, alertIds }: AlertsOfSource,
  until: Date | null,
): Promise<number> {
  return withTransaction(db, async (client) => {
    await lockAlerts(client, { detector, topic });
    return (await updateAllSnoozed(client, { alertIds, until })).length;
  });
}

/** Creates the error for an id that no alert has. */
export function alertMissing(alertId: string): FlowlineError {
  return new FlowlineError('FLOWLINE_NOT_FOUND', `There is no alert ${alertId}.`, {
    where: `alert ${alertId}`,
    remedy: 'List the alerts; one is deleted some time after its end.',
  });
}
