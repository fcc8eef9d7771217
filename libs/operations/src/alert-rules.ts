import type { AbsencePolicy, AlertRules } from '@flowline/alerts';
import { alertAfterMsOf, type DetectorDefinition, TOPIC_SINK } from '@flowline/config';
import type { AlertAddress } from '@flowline/db';

/** Rules of a detector by which anomalies become alerts. */
export function alertRulesOf({ severity, ...alerts }: DetectorDefinition['alerts']): AlertRules {
  return { ...alerts, severityBits: severity };
}

/** Rules by which silences of a detector's stream or entities become alerts; null for none. */
export function absencePolicyOf({ absence }: DetectorDefinition['alerts']): AbsencePolicy | null {
  return absence === null ? null : { ...absence, alertAfterMs: alertAfterMsOf(absence) };
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
