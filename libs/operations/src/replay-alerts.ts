import { type AlertRules, type BatchObservation, observeBatch } from '@flowline/alerts';
import { type AlertFingerprint, alertObservation } from '@flowline/db';
import type { Anomaly } from '@flowline/events';

/** Alerts and messages that anomalies lead to. */
export interface ReplayedAlerts {
  /** Alerts that open, without storms. */
  readonly alerts: number;
  readonly storms: number;
  /** Messages that page people: opened, reopened or escalated. */
  readonly pages: number;
  readonly messages: number;
}

const paging: ReadonlySet<string> = new Set(['opened', 'reopened', 'escalated']);

/**
 * Takes anomalies through the lives of their alerts, from nothing, and counts what opens and what
 * is told. Pure: nothing is snoozed, and nobody acts.
 * @param anomalies in order of time, each with an id of its own in place of that of its alert.
 * @param endMs time at which the stream ends.
 */
export function replayAlerts(anomalies: readonly Anomaly[], rules: AlertRules, endMs: number): ReplayedAlerts {
  const nothing = { lives: new Map(), storm: null, snoozed: new Set<string>() };
  const found = observeBatch(nothing, observed(anomalies, rules), endMs, rules);
  const lives = [...found.lives.values(), ...found.ended.map(({ life }) => life)];
  const storms = [...(found.storm === null ? [] : [found.storm]), ...found.endedStorms];
  const told = found.messages.filter(({ transition }) => rules.sendResolved || transition.kind !== 'resolved');
  return {
    alerts: lives.filter(({ phase }) => phase !== 'counting').length,
    storms: storms.filter(({ life }) => life.phase !== 'counting').length,
    pages: told.filter(({ transition }) => paging.has(transition.kind)).length,
    messages: told.length,
  };
}

function observed(anomalies: readonly Anomaly[], rules: AlertRules): readonly BatchObservation[] {
  const sources = new Map<string, AlertFingerprint>();
  return anomalies.map((anomaly) => {
    const { topic } = anomaly.alert.event;
    const source = sources.get(topic) ?? alertObservation(topic, rules);
    sources.set(topic, source);
    return source(anomaly);
  });
}
