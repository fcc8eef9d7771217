import { readDefinition } from '@flowline/config';
import { type Database, getDetector, type ListedAlertRow, resolveAlert } from '@flowline/db';

import { alertAddressesOf, alertRulesOf } from './alert-rules.ts';

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
  const { definition, version } = await getDetector(db, detector);
  const inForce = readDefinition(definition, `${detector}, version ${version}`);
  const addresses = alertAddressesOf(inForce, topic);
  return resolveAlert(db, alertId, { rules: alertRulesOf(inForce.alerts), addresses });
}
