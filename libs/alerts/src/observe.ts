import { type AlertLife, type Hold, join, type Observation, passTime, tell, type Transition } from './alert-life.ts';
import type { AlertPolicy } from './alert-policy.ts';
import { stormIdOf } from './fingerprint.ts';
import { observeOpening, passStormTime, type Storm } from './storm.ts';

/** Anomaly with the names by which a storm lists the alert that it opens. */
export interface NamedObservation extends Observation {
  readonly entity: string | null;
  /** The most surprising feature; null if the anomaly is not explained yet. */
  readonly feature: string | null;
}

/** State that an anomaly meets: the latest alert of its fingerprint, the storm of its detector. */
export interface Alerting {
  readonly life: AlertLife | null;
  readonly storm: Storm | null;
}

/** Message of the alert that an anomaly meets, or of the storm. */
export interface ToldOf {
  readonly of: 'alert' | 'storm';
  readonly transition: Transition;
}

/** Result of an anomaly: the state after it, and the messages, in order. */
export interface Observed {
  readonly life: AlertLife;
  /** The alert before it, in its last state, if the anomaly has begun another one. */
  readonly ended: AlertLife | null;
  readonly storm: Storm | null;
  /** The storm before it, in its last state, if the anomaly has begun another one. */
  readonly endedStorm: Storm | null;
  readonly told: readonly ToldOf[];
}

/**
 * Takes one anomaly through the life of its alert: resolves what is due at its time, joins it to
 * the alert of its fingerprint, notes an opening with the storm, and tells what there is to tell.
 * Pure.
 * @param snoozed true while people do not want to hear of this alert.
 */
export function observe(
  { life: before, storm: stormBefore }: Alerting,
  anomaly: NamedObservation,
  policy: AlertPolicy,
  snoozed = false,
): Observed {
  const told: ToldOf[] = [];
  const note = (of: ToldOf['of'], transitions: readonly (Transition | null)[]): void => {
    for (const transition of transitions) if (transition !== null) told.push({ of, transition });
  };
  const passed = before && passTime(before, anomaly.timeMs, policy);
  note('alert', [passed?.transition ?? null]);
  let storm = stormBefore;
  if (storm !== null) {
    const step = passStormTime(storm, anomaly.timeMs, policy);
    storm = step.storm;
    note('storm', step.transitions);
  }
  const lastStorm = storm;
  const joined = join(passed?.life ?? null, anomaly, policy);
  const hasOpened =
    joined.phase === 'open' && (passed?.life.phase !== 'open' || passed.life.alertId !== joined.alertId);
  if (hasOpened) {
    const { alertId, timeMs, bits, entity, feature } = anomaly;
    const opening = { alertId: stormIdOf(alertId), opens: joined.alertId, timeMs, bits, entity, feature };
    const step = observeOpening(storm, opening, policy);
    storm = step.storm;
    note('storm', step.transitions);
  }
  const { life, transition } = tell(joined, policy, holdOf(storm, snoozed));
  note('alert', [transition]);
  const last = passed?.life ?? null;
  return {
    life,
    ended: last?.alertId === life.alertId ? null : last,
    storm,
    endedStorm: lastStorm?.life.alertId === storm?.life.alertId ? null : lastStorm,
    told,
  };
}

function holdOf(storm: Storm | null, snoozed: boolean): Hold {
  if (snoozed) return 'everything';
  return storm?.life.phase === 'open' ? 'openings' : 'nothing';
}
