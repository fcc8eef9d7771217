import { type Database, type ListedAlertRow, resolveAlert } from '@flowline/db';

import { alertAddressesOf, alertRulesOf } from './alert-rules.ts';
import { definitionInForce } from './definition-in-force.ts';

/**
 * Resolves an open alert by hand, by the rules in force, and tells the sinks of its detector. An
 * alert that is not open stays as it is.
 * @returns true if it was open.
 * @throws FlowlineError FLOWLINE_NOT_FOUND, FLOWLINE_DETECTOR_MISSING.
 */
export async function resolveByHand(
  db: Database,
  { alertId, detector, topic }: Pick<ListedAlertRow, 'alertId' | 'detector' | 'topic'>,
): Promise<boolean> {
  const inForce = await definitionInForce(db, detector);
  const addresses = alertAddressesOf(inForce, topic);
  return resolveAlert(db, alertId, { rules: alertRulesOf(inForce.alerts), addresses });
}
