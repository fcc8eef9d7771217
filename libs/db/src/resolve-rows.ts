import { type AlertLife, type AlertMessage, type AlertPolicy, type AlertRules, resolve } from '@flowline/alerts';
import type pg from 'pg';

import { type AlertPlace, alertRowsJson, lifeOf, policyOf, type StoredAlert } from './alert-states.ts';
import { type AlertPeakRow, upsertAlerts } from './sql/alerts.ts';
import { storedAlertMessage } from './stored-alert-message.ts';

/**
 * Resolves open alerts of a partition, under the lock of their source, and returns the messages
 * about it. Does not note when the next alert of the partition is due, which may then be too early
 * until the next batch: that time lies in the fence, which a batch locks before the source.
 * @param resolvedMs event time of the resolution.
 */
export async function resolveRows(
  client: pg.PoolClient,
  place: AlertPlace,
  rows: readonly AlertPeakRow[],
  rules: AlertRules,
  resolvedMs: (life: AlertLife, policy: AlertPolicy) => number,
): Promise<AlertMessage[]> {
  const messages: AlertMessage[] = [];
  const alerts = rows.map((row): StoredAlert => {
    const { fingerprint, kind, entity, feature, peak, storm } = row;
    const before = lifeOf(row);
    const { life, transition } = resolve(before, resolvedMs(before, policyOf(kind, rules)));
    const message = transition === null ? null : storedAlertMessage(place.detector, row, transition);
    if (message !== null) messages.push(message);
    return { fingerprint, kind, entity, feature, life, isLatest: true, peak, storm };
  });
  await upsertAlerts(client, { rows: alertRowsJson(alerts, place, rules) });
  return messages;
}
