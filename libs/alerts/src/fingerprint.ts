import { stableId } from '@flowline/events';

/** Kind of an alert: what its anomalies have in common. */
export type AlertKind = 'density' | 'out_of_domain' | 'absence' | 'drift' | 'storm';

/** Parts of a fingerprint. Anomalies of equal parts belong to the same alert, one after another. */
export interface FingerprintParts {
  readonly detector: string;
  readonly kind: AlertKind;
  /** Null if the detector has no key, or the alert is of no single entity. */
  readonly entity: string | null;
  /** Further values by which the detector groups: by default its most surprising feature. */
  readonly group: readonly (string | null)[];
}

/** Fingerprint of an alert: an id over its parts. */
export function fingerprintOf({ detector, kind, entity, group }: FingerprintParts): string {
  return stableId(['fingerprint', detector, kind, entity, ...group]);
}

/** Id of the storm alert that begins with an opening by the anomaly that may begin this alert. */
export function stormIdOf(alertId: string): string {
  return stableId(['storm', alertId]);
}

/** Id of a message: of its alert, and its number among the messages of the alert. */
export function messageIdOf(alertId: string, sequence: number): string {
  return stableId(['message', alertId, sequence]);
}
