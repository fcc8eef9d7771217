import { type AlertLife, passTime, type Transition } from './alert-life.ts';
import type { AlertPolicy } from './alert-policy.ts';
import { type NamedObservation, observe } from './observe.ts';
import { passStormTime, type Storm } from './storm.ts';

/** Anomaly of a batch, with the fingerprint of its alert. */
export interface BatchObservation extends NamedObservation {
  readonly fingerprint: string;
}

/** State that a batch meets. */
export interface BatchAlerting {
  /** Latest alerts of the fingerprints of the batch, and those that its time may resolve. */
  readonly lives: ReadonlyMap<string, AlertLife>;
  readonly storm: Storm | null;
  /** Fingerprints of which people do not want to hear at the moment. */
  readonly snoozed: ReadonlySet<string>;
}

/** Message of a batch: of the alert of a fingerprint, or of the storm (null). */
export interface BatchMessage {
  readonly fingerprint: string | null;
  readonly transition: Transition;
  /** Index of the anomaly that caused it; null if time did. */
  readonly anomaly: number | null;
}

/** Result of a batch: the state after it, and its messages in order. */
export interface ObservedBatch {
  /** Latest alerts of all fingerprints of {@link BatchAlerting.lives} and of the batch. */
  readonly lives: ReadonlyMap<string, AlertLife>;
  /** Alerts that were the latest of their fingerprint until an anomaly of the batch. */
  readonly ended: readonly { readonly fingerprint: string; readonly life: AlertLife }[];
  readonly storm: Storm | null;
  /** Storms that were the latest of the detector until an opening of the batch. */
  readonly endedStorms: readonly Storm[];
  /** Id of the alert that each anomaly belongs to. */
  readonly alertIds: readonly string[];
  readonly messages: readonly BatchMessage[];
}

/**
 * Takes the anomalies of a batch, in order, through the lives of their alerts, then lets the time
 * of the batch pass. Pure, and independent of where batches begin and end, but for that time.
 * @param timeMs event time that the stream has reached; null if it is unknown.
 */
export function observeBatch(
  { lives: before, storm: stormBefore, snoozed }: BatchAlerting,
  anomalies: readonly BatchObservation[],
  timeMs: number | null,
  policy: AlertPolicy,
): ObservedBatch {
  const lives = new Map(before);
  let storm = stormBefore;
  const messages: BatchMessage[] = [];
  const ended: { fingerprint: string; life: AlertLife }[] = [];
  const endedStorms: Storm[] = [];
  const alertIds = anomalies.map((anomaly, index) => {
    const { fingerprint } = anomaly;
    const life = lives.get(fingerprint) ?? null;
    const seen = observe({ life, storm }, anomaly, policy, snoozed.has(fingerprint));
    if (seen.ended !== null) ended.push({ fingerprint, life: seen.ended });
    lives.set(fingerprint, seen.life);
    if (seen.endedStorm !== null) endedStorms.push(seen.endedStorm);
    storm = seen.storm;
    for (const { of, transition } of seen.told) {
      messages.push({ fingerprint: of === 'storm' ? null : fingerprint, transition, anomaly: index });
    }
    return seen.life.alertId;
  });
  if (timeMs !== null) {
    for (const [fingerprint, life] of lives) {
      const step = passTime(life, timeMs, policy);
      lives.set(fingerprint, step.life);
      if (step.transition !== null) messages.push({ fingerprint, transition: step.transition, anomaly: null });
    }
    if (storm !== null) {
      const step = passStormTime(storm, timeMs, policy);
      storm = step.storm;
      messages.push(...step.transitions.map((transition) => ({ fingerprint: null, transition, anomaly: null })));
    }
  }
  return { lives, ended, storm, endedStorms, alertIds, messages };
}
