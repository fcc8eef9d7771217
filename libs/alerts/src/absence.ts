import { formatDurationMs, stableId } from '@flowline/events';

import type { AlertPolicy } from './alert-policy.ts';
import { fingerprintOf } from './fingerprint.ts';
import type { Severity, SeverityBits } from './severity.ts';

/** Intervals within which events are expected, by hour of the week. */
export interface WeekOfIntervals {
  /** IANA zone whose weeks these are. */
  readonly timezone: string;
  /** One interval per hour in milliseconds, from Monday 00:00 on. */
  readonly hoursMs: readonly number[];
}

/** Interval within which an event is expected, and the silence after which an alert opens. */
export interface Expectation {
  readonly expectEveryMs: number;
  readonly alertAfterMs: number;
}

/** Rules by which the silence of a stream, or of an entity of it, becomes an alert. */
export interface AbsencePolicy {
  readonly per: 'detector' | 'entity';
  /** An event is expected at least so often; the shortest interval, if it depends on the hour. */
  readonly expectEveryMs: number;
  /** Silence after which an alert opens; in no hour a shorter one, if it depends on the hour. */
  readonly alertAfterMs: number;
  /** Intervals by hour of the week, if they were learned. */
  readonly week?: WeekOfIntervals;
  readonly severity: Severity;
  /** Silence after which an entity is no longer expected. */
  readonly forgetAfterMs: number;
}

/**
 * Time within which an arrival is noted once: a quarter of the interval. Within it, later arrivals
 * are not known, so that an alert opens so much later.
 */
export const absenceStepMs = ({ expectEveryMs }: Pick<AbsencePolicy, 'expectEveryMs'>): number => expectEveryMs / 4;

/** Time between two looks for silences: an eighth of the interval. */
export const absenceLookMs = ({ expectEveryMs }: Pick<AbsencePolicy, 'expectEveryMs'>): number => expectEveryMs / 8;

/** Stream or entity that is watched. Times are by one clock, in milliseconds since the epoch. */
export interface Arrival {
  /** Last arrival that was noted: later ones came within {@link absenceStepMs} of it. */
  readonly lastSeenMs: number;
  /** `lastSeenMs` of the silence that was noticed last; null if it has ended. */
  readonly silenceFromMs: number | null;
}

/** Knowledge of a look at an arrival. */
export interface Look {
  /** Time up to which everything that had come was stored; null if it is not known. */
  readonly untilMs: number | null;
  /** An arrival before this time is too long ago; null if none is. */
  readonly silentSinceMs: number | null;
}

/**
 * Verdict of a look: a silence begins to count or has ended, an entity is no longer expected, or
 * nothing has changed. A silence is noticed once.
 */
export type ArrivalVerdict = 'absent' | 'back' | 'forgotten' | 'unchanged';

/** Judges a stream or an entity at a look. Pure. */
export function judgeArrival(
  { lastSeenMs, silenceFromMs }: Arrival,
  { untilMs, silentSinceMs }: Look,
  policy: AbsencePolicy,
): ArrivalVerdict {
  if (silenceFromMs !== null && lastSeenMs > silenceFromMs) return 'back';
  if (untilMs === null) return 'unchanged';
  // Later arrivals within the step were not noted: the entity may have been seen until its end.
  const mayBeSeenMs = lastSeenMs + absenceStepMs(policy);
  if (policy.per === 'entity' && mayBeSeenMs < untilMs - policy.forgetAfterMs) return 'forgotten';
  const isSilent = silentSinceMs !== null && mayBeSeenMs <= silentSinceMs;
  return isSilent && silenceFromMs === null ? 'absent' : 'unchanged';
}

/** Silence that an alert is about. */
export interface Absence {
  /** Arrival of the last event before it, ISO 8601, to within a quarter of the interval. */
  readonly lastEvent: string;
  readonly expectEveryMs: number;
  readonly alertAfterMs: number;
}

/** Describes a silence that began after an arrival. */
export const absenceOf = (lastSeenMs: number, { expectEveryMs, alertAfterMs }: Expectation): Absence => ({
  lastEvent: new Date(lastSeenMs).toISOString(),
  expectEveryMs,
  alertAfterMs,
});

/** One line for people: "no event of berlin since 2026-…, expected every 1m". */
export function absenceSummary(entity: string | null, { lastEvent, expectEveryMs }: Absence): string {
  const subject = entity === null ? 'no event' : `no event of ${entity}`;
  return `${subject} since ${lastEvent}, expected every ${formatDurationMs(Math.round(expectEveryMs))}`;
}

/** Fingerprint of the absences of a stream (entity null), or of an entity. */
export const absenceFingerprint = (detector: string, topic: string, entity: string | null): string =>
  fingerprintOf({ detector, kind: 'absence', entity, group: [topic] });

/** Fingerprint of the storms of a stream's absences, which live by the clock. */
export const absenceStormFingerprint = (detector: string, topic: string): string =>
  fingerprintOf({ detector, kind: 'storm', entity: null, group: [topic, 'absence'] });

/** Id of the alert that begins with a silence: whoever notices it finds the same. */
export const absenceAlertId = (fingerprint: string, lastSeenMs: number): string =>
  stableId(['absence', fingerprint, Math.floor(lastSeenMs)]);

/** Rules of the life of an absence: the first silence opens it, with the severity that it has. */
export function absenceAlertPolicy(rules: AlertPolicy, { severity }: Pick<AbsencePolicy, 'severity'>): AlertPolicy {
  return { ...rules, minEvents: { count: 1, withinMs: 1 }, severityBits: bitsOf(severity) };
}

/** Thresholds by which no surprise at all has a severity. */
function bitsOf(severity: Severity): SeverityBits {
  const from = (...of: Severity[]): number => (of.includes(severity) ? 0 : Infinity);
  return {
    warning: from('warning', 'major', 'critical'),
    major: from('major', 'critical'),
    critical: from('critical'),
  };
}
