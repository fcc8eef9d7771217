import type { DetectorDefinition } from '@flowline/config';
import { severityOf } from '@flowline/alerts';
import type { Alert } from '@flowline/events';

import type { ConditionNames, ConditionValues } from './condition.ts';

/** Parts of a definition that rules look at. */
export type RuledDetector = Pick<DetectorDefinition, 'name' | 'features' | 'source' | 'alerts'>;

type FeatureTypes = NonNullable<ConditionNames['features']>;

/** Types of a detector's features in CEL. */
export function featureTypes({ features }: Pick<RuledDetector, 'features'>): FeatureTypes {
  const typeOf = (type: string) => (type === 'boolean' ? 'bool' : type === 'categorical' ? 'string' : 'double');
  return Object.fromEntries(features.map(({ name, type }) => [name, typeOf(type)]));
}

/** Values of an anomaly that a condition sees. A missing value is absent. */
export function conditionValues(
  alert: Alert,
  detector: RuledDetector,
  calendar: ConditionValues['calendar'],
): ConditionValues {
  const { score, event, contributions } = alert;
  const types = featureTypes(detector);
  const present = Object.entries(alert.observed).flatMap(([name, value]) =>
    value === null ? [] : [[name, types[name] === 'bool' ? value === 'true' : value] as const],
  );
  return {
    ...{ x: Object.fromEntries(present), e: alert.expected, bits: score.surpriseBits, pValue: score.pValue, calendar },
    ...{ entity: entityFields(event.entity, detector.source.key), time: new Date(event.time) },
    severity: severityOf(score.surpriseBits, detector.alerts.severity),
    ...{ feature: contributions[0]?.feature ?? '', detector: detector.name },
  };
}

/** The fields that name an entity, and their values. */
function entityFields(entity: string | null, key: readonly string[] | null): Record<string, string> {
  if (entity === null || key === null) return {};
  const values: unknown = key.length === 1 ? [entity] : JSON.parse(entity);
  const list: readonly unknown[] = Array.isArray(values) ? values : [];
  return Object.fromEntries(key.map((field, i) => [field, String(list[i])]));
}
