import { compileEventId, compileEventTime, Fault, type FeatureRecord } from '@flowline/features';

import type { EventNames } from './event-names.ts';

/**
 * Fault of an event's time or id, by the rules of the stream; null if it has none. A file may lack
 * either: an absent field is no fault.
 */
export function eventFault({ time, id }: EventNames): (record: unknown) => Fault | null {
  const checks = [
    ...(time === null ? [] : [{ valueAt: fieldReader(time.field), read: compileEventTime(time) }]),
    ...(id === null ? [] : [{ valueAt: fieldReader(id), read: compileEventId(id) }]),
  ];
  return (record) => {
    if (typeof record !== 'object' || record === null) return null;
    for (const { valueAt, read } of checks) {
      if (valueAt(record) == null) continue;
      const value = read(record as FeatureRecord);
      if (value instanceof Fault) return value;
    }
    return null;
  };
}

/** Creates a reader of a (dotted) field of records: undefined where the field is absent. */
export function fieldReader(field: string): (record: unknown) => unknown {
  const path = field.split('.');
  return (record) => {
    let value = record;
    for (const part of path) {
      if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
      value = (value as Readonly<Record<string, unknown>>)[part];
    }
    return value;
  };
}
