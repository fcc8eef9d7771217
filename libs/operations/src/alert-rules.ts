import type { AlertRules } from '@flowline/alerts';
import type { DetectorDefinition } from '@flowline/config';

/** Rules of a detector by which anomalies become alerts. */
export function alertRulesOf({ severity, ...alerts }: DetectorDefinition['alerts']): AlertRules {
  return { ...alerts, severityBits: severity };
}

/** Destination of messages about an alert of a source: the topic of alerts, or standard output. */
export function alertAddressOf(
  { alerts, source: { kafka } }: Pick<DetectorDefinition, 'alerts' | 'source'>,
  sourceTopic: string,
): { readonly sink: string; readonly topic: string } {
  return kafka?.topic === sourceTopic ? { sink: 'kafka', topic: alerts.topic } : { sink: 'stdout', topic: sourceTopic };
}
