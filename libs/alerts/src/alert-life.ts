import type { AlertPolicy } from './alert-policy.ts';
import { isWorse, type Severity, severityOf } from './severity.ts';

/** Life of the latest alert of a fingerprint. Plain data: a row of the table of alerts. */
export interface AlertLife {
  readonly alertId: string;
  /** `counting`: too few anomalies so far. Then open and resolved, in turn. */
  readonly phase: 'counting' | 'open' | 'resolved';
  /** Anomalies that name this alert. */
  readonly count: number;
  /** Event times of its first and its last anomaly. */
  readonly firstMs: number;
  readonly lastMs: number;
  readonly peakBits: number;
  readonly severity: Severity;
  /** Times of the anomalies that may yet open it, ascending; empty once it has opened. */
  readonly recentMs: readonly number[];
  /** Time of the last resolution; null before the first. */
  readonly resolvedMs: number | null;
  /** State of the alert in the last message about it; not that of `phase` while pages are held. */
  readonly told: 'nothing' | 'open' | 'resolved';
  /** Number of messages about this alert. */
  readonly messages: number;
  /** Last page of the fingerprint, of this alert or one before it. */
  readonly page: { readonly timeMs: number; readonly severity: Severity } | null;
}

/** Anomaly of a fingerprint. */
export interface Observation {
  /** Id of the alert that it begins, if it begins one. */
  readonly alertId: string;
  /** Event time, in milliseconds since the epoch. */
  readonly timeMs: number;
  /** Surprise, −log2 p. */
  readonly bits: number;
  /** Severity that it does not exceed, whatever its surprise; null or absent for no limit. */
  readonly severityAtMost?: Severity | null;
}

/** Kind of a message about an alert. */
export type TransitionKind = 'opened' | 'escalated' | 'updated' | 'resolved' | 'reopened';

/** Change of an alert that people are told: one message. */
export interface Transition {
  readonly kind: TransitionKind;
  /** Number of the message among those of its alert, from 1. */
  readonly sequence: number;
  /** The alert after the change. */
  readonly life: AlertLife;
}

/** Result of an input: the life after it, and the message about it, if there is one. */
export interface Told {
  readonly life: AlertLife;
  readonly transition: Transition | null;
}

/**
 * Adds an anomaly to the latest alert of its fingerprint, or begins a new one with it. Tells nobody
 * yet; an alert that is due to be resolved has to be, first ({@link passTime}).
 */
export function join(life: AlertLife | null, anomaly: Observation, policy: AlertPolicy): AlertLife {
  if (life === null || isOver(life, anomaly.timeMs, policy)) return begin(anomaly, life?.page ?? null, policy);
  const grown = grow(life, anomaly, policy);
  if (life.phase === 'counting') return openIfEnough(grown, anomaly.timeMs, policy);
  const isStraggler = anomaly.timeMs <= life.lastMs && !isWorse(grown.severity, life.severity);
  return life.phase === 'resolved' && !isStraggler ? { ...grown, phase: 'open' } : grown;
}

/**
 * Pages that are held back: of openings, while a storm alert stands for them, or all, while people
 * have snoozed the alert. Resolutions are never held back.
 */
export type Hold = 'nothing' | 'openings' | 'everything';

/** Tells of an alert that an anomaly has just joined, unless there is nothing to tell. */
export function tell(life: AlertLife, policy: AlertPolicy, hold: Hold = 'nothing'): Told {
  if (life.phase !== 'open' || hold === 'everything') return { life, transition: null };
  if (life.told !== 'open') {
    if (hold === 'openings' || isCooling(life, policy)) return { life, transition: null };
    return page(life, life.told === 'nothing' ? 'opened' : 'reopened');
  }
  if (isWorse(life.severity, life.page?.severity ?? null)) return page(life, 'escalated');
  return isPowerOfTen(life.count) ? message(life, 'updated') : { life, transition: null };
}

/** Resolves an alert that has been quiet for long enough at this event time. */
export function passTime(life: AlertLife, timeMs: number, policy: AlertPolicy): Told {
  const dueMs = dueAt(life, policy);
  return dueMs !== null && timeMs >= dueMs ? resolve(life, dueMs) : { life, transition: null };
}

/** Event time at which an alert is resolved if no anomaly comes; null if it is not open. */
export function dueAt({ phase, lastMs }: AlertLife, { resolveAfterMs }: AlertPolicy): number | null {
  return phase === 'open' ? lastMs + resolveAfterMs : null;
}

/** Resolves an open alert: its time has passed, its stream has stopped, or somebody has said so. */
export function resolve(life: AlertLife, resolvedMs: number): Told {
  if (life.phase !== 'open') return { life, transition: null };
  const resolved: AlertLife = { ...life, phase: 'resolved', resolvedMs };
  return life.told === 'open'
    ? message({ ...resolved, told: 'resolved' }, 'resolved')
    : { life: resolved, transition: null };
}

function begin(anomaly: Observation, lastPage: AlertLife['page'], policy: AlertPolicy): AlertLife {
  const { alertId, timeMs, bits } = anomaly;
  const life: AlertLife = {
    ...{ alertId, phase: 'counting', count: 1, firstMs: timeMs, lastMs: timeMs },
    ...{ peakBits: bits, severity: severityIn(anomaly, policy), recentMs: [] },
    ...{ resolvedMs: null, told: 'nothing', messages: 0, page: lastPage },
  };
  return openIfEnough(life, timeMs, policy);
}

/** True if an anomaly at this time begins another alert. */
function isOver(life: AlertLife, timeMs: number, { minEvents, mergeGapMs }: AlertPolicy): boolean {
  if (life.phase === 'counting') return timeMs > life.lastMs + minEvents.withinMs;
  return life.phase === 'resolved' && timeMs > (life.resolvedMs ?? life.lastMs) + mergeGapMs;
}

/** Severity of an anomaly, within its own limit. */
function severityIn({ bits, severityAtMost: limit = null }: Observation, { severityBits }: AlertPolicy): Severity {
  const severity = severityOf(bits, severityBits);
  return limit !== null && isWorse(severity, limit) ? limit : severity;
}

function grow(life: AlertLife, anomaly: Observation, policy: AlertPolicy): AlertLife {
  const { timeMs, bits } = anomaly;
  const severity = severityIn(anomaly, policy);
  return {
    ...life,
    count: life.count + 1,
    firstMs: Math.min(life.firstMs, timeMs),
    lastMs: Math.max(life.lastMs, timeMs),
    peakBits: Math.max(life.peakBits, bits),
    severity: isWorse(severity, life.severity) ? severity : life.severity,
  };
}

function openIfEnough(life: AlertLife, timeMs: number, { minEvents }: AlertPolicy): AlertLife {
  const times = [...life.recentMs, timeMs].sort((a, b) => a - b);
  const recentMs = times.filter((time) => time >= life.lastMs - minEvents.withinMs).slice(-minEvents.count);
  return recentMs.length >= minEvents.count ? { ...life, phase: 'open', recentMs: [] } : { ...life, recentMs };
}

/** True if the fingerprint was paged too short a time ago for another page that is no worse. */
function isCooling({ page: last, lastMs, severity }: AlertLife, { cooldownMs }: AlertPolicy): boolean {
  return last !== null && lastMs < last.timeMs + cooldownMs && !isWorse(severity, last.severity);
}

/** A message that pages people. */
function page(life: AlertLife, kind: TransitionKind): Told {
  return message({ ...life, told: 'open', page: { timeMs: life.lastMs, severity: life.severity } }, kind);
}

function message(before: AlertLife, kind: TransitionKind): Told {
  const life = { ...before, messages: before.messages + 1 };
  return { life, transition: { kind, sequence: life.messages, life } };
}

const isPowerOfTen = (count: number): boolean => /^10+$/.test(String(count));
