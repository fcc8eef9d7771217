import { type AlertLife, join, type Observation, passTime, tell, type Transition } from './alert-life.ts';
import type { AlertPolicy } from './alert-policy.ts';

/** Opening of an alert, as a storm lists it. */
export interface Opening extends Observation {
  /** Id of the alert that opens. */
  readonly opens: string;
  readonly entity: string | null;
  /** Its most surprising feature; null if none was named. */
  readonly feature: string | null;
}

/** Alert that a storm lists by name. */
export type ListedAlert = Pick<Opening, 'opens' | 'entity' | 'feature' | 'bits'>;

/** Storm alert of a detector: it stands for all alerts that open while it is open. */
export interface Storm {
  readonly life: AlertLife;
  /** Number of openings by their most surprising feature, at most {@link FEATURES} of them. */
  readonly byFeature: Readonly<Record<string, number>>;
  /** The most surprising openings, at most {@link LISTED} of them. */
  readonly worst: readonly ListedAlert[];
}

/** Result of an input to a storm. */
export interface StormStep {
  readonly storm: Storm;
  readonly transitions: readonly Transition[];
}

/** Openings that a storm lists by name. */
const LISTED = 10;
/** Features that a storm counts by name; the others are counted together. */
const FEATURES = 50;
const OTHERS = 'others';

/**
 * Adds an opening to the storm of its detector. A storm is an alert whose anomalies are openings:
 * it opens when more than `storm.alerts` of them fall within `storm.windowMs`.
 */
export function observeOpening(before: Storm | null, opening: Opening, policy: AlertPolicy): StormStep {
  const rules = stormPolicy(policy);
  const passed = before && passTime(before.life, opening.timeMs, rules);
  const joined = join(passed?.life ?? null, opening, rules);
  const { life, transition } = tell(joined, rules);
  const isSame = before?.life.alertId === life.alertId;
  const { byFeature, worst } = list(isSame ? before : { byFeature: {}, worst: [] }, opening);
  return {
    storm: { life, byFeature, worst },
    transitions: [passed?.transition, transition].flatMap((found) => found ?? []),
  };
}

/** Resolves a storm if no alert has opened for long enough at this event time. */
export function passStormTime(storm: Storm, timeMs: number, policy: AlertPolicy): StormStep {
  const { life, transition } = passTime(storm.life, timeMs, stormPolicy(policy));
  return { storm: { ...storm, life }, transitions: transition === null ? [] : [transition] };
}

/** Rules of a storm's own life. */
export function stormPolicy(policy: AlertPolicy): AlertPolicy {
  const { alerts, windowMs } = policy.storm;
  return { ...policy, minEvents: { count: alerts + 1, withinMs: windowMs } };
}

function list({ byFeature, worst }: Pick<Storm, 'byFeature' | 'worst'>, opening: Opening): Omit<Storm, 'life'> {
  const counts = new Map(Object.entries(byFeature));
  const named = opening.feature ?? OTHERS;
  const name = counts.has(named) || counts.size < FEATURES ? named : OTHERS;
  counts.set(name, (counts.get(name) ?? 0) + 1);
  const { opens, entity, feature, bits } = opening;
  const listed = [...worst, { opens, entity, feature, bits }].sort((a, b) => b.bits - a.bits);
  return { byFeature: Object.fromEntries(counts), worst: listed.slice(0, LISTED) };
}
