import { compileEventId, compileEventTime, Fault, type FeatureRecord } from '@flowline/features';

import type { EventNames } from './event-names.ts';

/**
 * Fault of an event's time or id, by the rules of the stream; null if it has none. A file may lack
 * either: an absent field is no fault.
 */
export function eventFault({ time, id }: EventNames): (record: unknown) => Fault | null {
  const checks = [
    ...(time === null ? [] : [{ field: time.field, read: compileEventTime(time) }]),
    ...(id === null ? [] : [{ field: id, read: compileEventId(id) }]),
  ];
  return (record) => {
    if (typeof record !== 'object' || record === null) return null;
    for (const { field, read } of checks) {
      if (valueAt(record, field) == null) continue;
      const value = read(record as FeatureRecord);
      if (value instanceof Fault) return value;
    }
    return null;
  };
}

/** Value of a (dotted) field; undefined if it is absent. */
export function valueAt(record: unknown, field: string): unknown {
  let value = record;
  for (const part of field.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[part];
  }
  return value;
}
