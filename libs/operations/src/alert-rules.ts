import type { AbsencePolicy, AlertRules } from '@flowline/alerts';
import { alertAfterMsOf, type DetectorDefinition, LEARNED, TOPIC_SINK } from '@flowline/config';
import type { AlertAddress, ChampionIntervals } from '@flowline/db';

/** Rules of a detector by which anomalies become alerts. */
export function alertRulesOf({ severity, ...alerts }: DetectorDefinition['alerts']): AlertRules {
  return { ...alerts, severityBits: severity };
}

/**
 * Rules by which silences of a detector's stream or entities become alerts; null for none, also if
 * intervals are learned and the champion has none of the unit.
 */
export function absencePolicyOf(
  { absence }: DetectorDefinition['alerts'],
  champion: ChampionIntervals | null,
): AbsencePolicy | null {
  if (absence === null) return null;
  const { expectEveryMs } = absence;
  if (expectEveryMs !== LEARNED) {
    const { alertAfterMs } = absence;
    return { ...absence, expectEveryMs, alertAfterMs: alertAfterMsOf({ expectEveryMs, alertAfterMs }) };
  }
  const learned = champion?.learned ?? null;
  if (learned === null || 'reason' in learned || learned.per !== absence.per) return null;
  const { timezone, hoursMs } = learned;
  const leastMs = absence.alertAfterMs ?? 0;
  const mostMs = Math.max(leastMs, alertAfterMsOf({ expectEveryMs: Math.max(...hoursMs), alertAfterMs: null }));
  return {
    ...{ per: absence.per, severity: absence.severity, week: { timezone, hoursMs } },
    ...{ expectEveryMs: Math.min(...hoursMs), alertAfterMs: leastMs },
    // None is forgotten before its alert has been open for a while.
    forgetAfterMs: Math.max(absence.forgetAfterMs, 2 * mostMs),
  };
}

/**
 * Reason why a detector that learns its intervals watches no absence, by its champion; null if it
 * does, if its intervals are given, or if it has no champion.
 */
export function unwatchedAbsence(
  alerts: DetectorDefinition['alerts'],
  champion: ChampionIntervals | null,
): string | null {
  if (alerts.absence?.expectEveryMs !== LEARNED || champion === null) return null;
  if (absencePolicyOf(alerts, champion) !== null) return null;
  const { version, learned } = champion;
  const why = learned !== null && 'reason' in learned && learned.per === alerts.absence.per;
  return why ? learned.reason : `model version ${String(version)} has learned no intervals per ${alerts.absence.per}`;
}

/** Destinations of messages about alerts of a source, unless its scorer was told otherwise. */
export function alertAddressesOf(
  { alerts, source: { kafka } }: Pick<DetectorDefinition, 'alerts' | 'source'>,
  sourceTopic: string,
): readonly AlertAddress[] {
  if (kafka?.topic !== sourceTopic) return [{ sink: 'stdout', topic: sourceTopic }];
  return alerts.sinks.map((sink) =>
    sink === TOPIC_SINK ? { sink: 'kafka', topic: alerts.topic } : { sink, topic: '' },
  );
}
