import type { Alert } from '@flowline/events';

import type { AlertLife, Transition, TransitionKind } from './alert-life.ts';
import type { AlertLinks } from './alert-links.ts';
import { type AlertKind, messageIdOf } from './fingerprint.ts';
import type { Severity } from './severity.ts';
import type { ListedAlert, Storm } from './storm.ts';

/** Parts of a message about any alert: what has become of it. */
export interface AlertLifeFields {
  readonly alertId: string;
  /** UUIDv5 over the alert's id and `sequence`. A repeated message carries the same id. */
  readonly messageId: string;
  /** Number of the message among those of its alert, from 1. */
  readonly sequence: number;
  /** The alert is `opened`, `escalated`, `updated`, `resolved` or `reopened`. */
  readonly state: TransitionKind;
  readonly kind: AlertKind;
  readonly fingerprint: string;
  readonly severity: Severity;
  /** Anomalies of the alert so far; openings, if it is a storm. */
  readonly count: number;
  /** Event times of its first and its last anomaly, ISO 8601. */
  readonly firstSeen: string;
  readonly lastSeen: string;
  /** Event time of its resolution, ISO 8601; null while it is open. */
  readonly resolvedAt: string | null;
  /** Added as it is sent, if links are set up; a stored message has none. */
  readonly links?: AlertLinks;
}

/** Message about an alert, with the most surprising of its anomalies. */
export type AnomalyAlertMessage = AlertLifeFields & Omit<Alert, 'alertId'>;

/** Message about a storm: more alerts opened at once than anybody can read. */
export interface StormAlertMessage extends AlertLifeFields {
  readonly detector: string;
  readonly summary: string;
  readonly storm: {
    /** Number of openings by their most surprising feature. */
    readonly byFeature: Readonly<Record<string, number>>;
    /** The most surprising of the alerts, worst first. */
    readonly worst: readonly { readonly alertId: string; readonly entity: string | null; readonly bits: number }[];
  };
}

/** Message about a transition of an alert, as sinks send it. */
export type AlertMessage = AnomalyAlertMessage | StormAlertMessage;

/** Builds the message about a transition, with the most surprising anomaly of the alert. */
export function anomalyAlertMessage(fingerprint: string, transition: Transition, peak: Alert): AnomalyAlertMessage {
  const kind = peak.reason === 'out_of_domain' ? 'out_of_domain' : 'density';
  return { ...peak, ...lifeFields(fingerprint, kind, transition) };
}

/** Builds the message about a transition of a storm. */
export function stormAlertMessage(
  detector: string,
  fingerprint: string,
  transition: Transition,
  { byFeature, worst }: Pick<Storm, 'byFeature' | 'worst'>,
): StormAlertMessage {
  return {
    ...lifeFields(fingerprint, 'storm', transition),
    detector,
    summary: stormSummary(transition.life, byFeature),
    storm: { byFeature, worst: worst.map(listed) },
  };
}

const listed = ({ opens, entity, bits }: ListedAlert) => ({ alertId: opens, entity, bits });

function lifeFields(
  fingerprint: string,
  kind: AlertKind,
  { kind: state, sequence, life }: Transition,
): AlertLifeFields {
  const { alertId, severity, count, firstMs, lastMs, phase, resolvedMs } = life;
  return {
    alertId,
    messageId: messageIdOf(alertId, sequence),
    ...{ sequence, state, kind, fingerprint, severity, count },
    firstSeen: isoTime(firstMs),
    lastSeen: isoTime(lastMs),
    resolvedAt: phase === 'resolved' && resolvedMs !== null ? isoTime(resolvedMs) : null,
  };
}

/** One line for people: "61 alerts opened, of speed (40), amount (21)". */
export function stormSummary({ count }: Pick<AlertLife, 'count'>, byFeature: Storm['byFeature']): string {
  const features = Object.entries(byFeature).sort(([, a], [, b]) => b - a);
  const named = features.slice(0, 3).map(([feature, openings]) => `${feature} (${String(openings)})`);
  return `${String(count)} alerts opened, of ${named.join(', ')}${features.length > 3 ? ' and others' : ''}`;
}

const isoTime = (ms: number): string => new Date(ms).toISOString();
