import { type AlertRules, type BatchObservation, fingerprintOf } from '@flowline/alerts';
import { type Anomaly, type AnomalyBatch, at } from '@flowline/events';

import type { StoredAlert } from './alert-states.ts';

/** Anomaly with the fingerprint of its alert, and the names by which an alert is listed. */
export interface Fingerprinted extends Pick<StoredAlert, 'fingerprint' | 'kind' | 'entity' | 'feature'> {
  readonly anomaly: Anomaly;
}

/** Event times beyond the wall clock by more than this, or before our era, tell no time. */
const FUTURE_MS = 3_600_000;
const FIRST_YEAR_MS = Date.parse('0001-01-01T00:00:00Z');
const isTime = (ms: number, latestMs: number): boolean => ms >= FIRST_YEAR_MS && ms <= latestMs;

/**
 * Event time that a batch has reached from a row on: the median of its events, so that no single
 * time steers the alerts; null if none of them tells a time.
 */
export function batchTimeMs(
  { eventTimesMs, size }: Pick<AnomalyBatch, 'eventTimesMs' | 'size'>,
  firstRow: number,
): number | null {
  const latestMs = Date.now() + FUTURE_MS;
  const times = new Float64Array(Math.max(0, size - firstRow));
  let [count, previousMs, isAscending] = [0, -Infinity, true];
  for (let row = firstRow; row < size; row++) {
    const ms = at(eventTimesMs, row);
    if (!isTime(ms, latestMs)) continue;
    if (ms < previousMs) isAscending = false;
    previousMs = ms;
    times[count++] = ms;
  }
  if (count === 0) return null;
  const told = times.subarray(0, count);
  // Most streams are in the order of time.
  if (!isAscending) told.sort();
  return Math.floor(at(told, count >> 1));
}

/** Name under which an anomaly is counted once: its event's id, or its own. */
export const nameOf = ({ alert }: Anomaly, oncePerEvent: boolean): string =>
  oncePerEvent ? alert.event.id : alert.alertId;

/** Leaves out anomalies of names that are known, or have come before in the batch. */
export function withoutRepeats(
  anomalies: readonly Anomaly[],
  known: ReadonlyMap<string, string>,
  oncePerEvent: boolean,
): readonly Anomaly[] {
  const names = new Set(known.keys());
  return anomalies.filter((anomaly) => {
    const name = nameOf(anomaly, oncePerEvent);
    if (names.has(name)) return false;
    names.add(name);
    return true;
  });
}

/** Finds the fingerprints of the alerts that anomalies of a source belong to. */
export function fingerprinter(topic: string, { groupBy }: AlertRules): (anomaly: Anomaly) => Fingerprinted {
  const known = new Map<string, string>();
  return (anomaly) => {
    const { detector, event, contributions, alertId } = anomaly.alert;
    const kind = anomaly.reason === 'out_of_domain' ? 'out_of_domain' : 'density';
    const { entity } = event;
    const feature = contributions[0]?.feature ?? null;
    const groups = { feature, event: alertId };
    const parts = { detector, kind, entity, group: [topic, ...groupBy.map((name) => groups[name])] } as const;
    const name = JSON.stringify(parts);
    const fingerprint = known.get(name) ?? fingerprintOf(parts);
    known.set(name, fingerprint);
    return { anomaly, kind, entity, feature, fingerprint };
  };
}

/** The anomaly as its alert observes it, at the time of the batch if its own time is none. */
export function observation(
  { anomaly, fingerprint, feature }: Fingerprinted,
  batchMs: number | null,
): BatchObservation {
  const { alertId, event, score } = anomaly.alert;
  const eventMs = Math.floor(Date.parse(event.time));
  return {
    ...{ fingerprint, alertId, entity: event.entity, feature },
    timeMs: isTime(eventMs, Date.now() + FUTURE_MS) ? eventMs : (batchMs ?? Date.now()),
    bits: score.surpriseBits,
    severityAtMost: anomaly.verdict?.severityAtMost ?? null,
  };
}

/** Anomaly of a source as its alert observes it. */
export type AlertFingerprint = (anomaly: Anomaly) => BatchObservation;

/** Finds what the alerts of a source observe of its anomalies, by the rules of its detector. */
export function alertObservation(topic: string, rules: AlertRules): AlertFingerprint {
  const fingerprinted = fingerprinter(topic, rules);
  return (anomaly) => observation(fingerprinted(anomaly), null);
}
