import {
  acknowledgeAlerts,
  type AlertSelection,
  type AlertsOfSource,
  alertSources,
  type Database,
  resolveAlerts,
  snoozeAlerts,
} from '@flowline/db';

import { alertAddressesOf, alertRulesOf } from './alert-rules.ts';
import { definitionInForce } from './definition-in-force.ts';

/** Action on alerts, in the name of somebody. */
export type AlertAction =
  | { readonly action: 'ack'; readonly by: string }
  | { readonly action: 'snooze'; readonly until: Date | null }
  | { readonly action: 'resolve' };

/** Result of an action on alerts. */
export interface ActedOn {
  /** Alerts that were changed. */
  readonly changed: number;
  /** True if more may be left to change: repeat the action. */
  readonly more: boolean;
}

/** Maximum alerts per call. */
const MOST_CHANGED = 1_000;

/**
 * Acknowledges, snoozes or resolves the alerts that meet conditions, or are named: the alerts of
 * one source in one transaction, at most 1,000 per call. Those that are as they should be stay as
 * they are, so that a repeat goes on where the last call stopped.
 * @throws FlowlineError FLOWLINE_DETECTOR_MISSING for alerts to resolve of a deleted detector.
 */
export async function actOnAlerts(db: Database, selection: AlertSelection, action: AlertAction): Promise<ActedOn> {
  const found = await alertSources(db, { ...selection, ...stillToDo(action) }, MOST_CHANGED);
  let changed = 0;
  for (const source of bySource(found)) changed += await actOnSource(db, source, action);
  return { changed, more: found.length === MOST_CHANGED };
}

/** Conditions on alerts that an action would change. */
function stillToDo(action: AlertAction): AlertSelection {
  if (action.action === 'ack') return { acknowledged: false };
  return action.action === 'snooze' ? { notSnoozedUntil: action.until } : { state: 'open' };
}

async function actOnSource(db: Database, source: AlertsOfSource, action: AlertAction): Promise<number> {
  if (action.action === 'ack') return acknowledgeAlerts(db, source, action.by);
  if (action.action === 'snooze') return snoozeAlerts(db, source, action.until);
  const inForce = await definitionInForce(db, source.detector);
  const addresses = alertAddressesOf(inForce, source.topic);
  return resolveAlerts(db, source, { rules: alertRulesOf(inForce.alerts), addresses });
}

function bySource(found: Awaited<ReturnType<typeof alertSources>>): readonly AlertsOfSource[] {
  const sources = new Map<string, AlertsOfSource>();
  for (const { alertId, detector, topic } of found) {
    const key = JSON.stringify([detector, topic]);
    sources.set(key, { detector, topic, alertIds: [...(sources.get(key)?.alertIds ?? []), alertId] });
  }
  return [...sources.values()];
}
