import type { RuleSpec } from '@flowline/config';
import type { Alert } from '@flowline/events';

/** Part of the anomalies that a rule or a calendar is about. */
export type Scope = Pick<RuleSpec, 'detectors' | 'entities' | 'features'>;

/** True if an anomaly is in a scope. */
export function isInScope(
  { detectors, entities, features }: Scope,
  { detector, event, contributions }: Alert,
): boolean {
  return (
    isListed(detectors, detector) && isListed(entities, event.entity) && isListed(features, contributions[0]?.feature)
  );
}

/** True if a list, where there is one, has a name. */
export const isListed = (names: readonly string[] | undefined, name: string | null | undefined): boolean =>
  names === undefined || (name !== null && name !== undefined && names.includes(name));
