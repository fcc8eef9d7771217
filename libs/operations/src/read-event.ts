import type { Detector } from '@flowline/detector';
import { quoteText } from '@flowline/events';
import { type FeatureTable, rowValues } from '@flowline/features';

import { eventFault } from './event-fault.ts';
import type { EventNames } from './event-names.ts';
import { createFeatureReader, type FeatureValues, unfitting, unknownFeature } from './feature-values.ts';
import { createFileReader } from './file-reader.ts';

/** An event as in the topic, or values by feature, as `observed` of an anomaly has them. */
export type GivenEvent = { readonly record: unknown } | { readonly values: FeatureValues };

/**
 * Reads an event by the rules of the stream; one that looks back has no past.
 * @throws FlowlineError FLOWLINE_FEATURES_INVALID for an event that could not be scored.
 */
export function readEvent(detector: Detector, event: GivenEvent, names: EventNames): FeatureTable {
  const { schema } = detector.bundle;
  if ('record' in event) {
    const fault = eventFault(names)(event.record);
    if (fault !== null) throw unreadable('record', fault);
    return onlyRow('record', createFileReader(detector.bundle)([event.record]));
  }
  const unknown = unknownFeature(schema, Object.keys(event.values));
  if (unknown !== null) {
    const known = schema.map(({ name }) => name).join(', ');
    throw unfitting(`values.${unknown}`, `The model has no feature ${quoteText(unknown, 80)}.`, `It has ${known}.`);
  }
  return onlyRow('values', createFeatureReader(schema)([event.values]));
}

/** Values of the only row of a table. */
export const valuesOf = ({ bundle }: Detector, table: FeatureTable): Record<string, number | string | null> =>
  rowValues(bundle.schema, table, 0);

function onlyRow(
  part: string,
  { table, faults: [fault] }: ReturnType<ReturnType<typeof createFileReader>>,
): FeatureTable {
  if (fault !== undefined) throw unreadable(part, fault);
  return table;
}

function unreadable(part: string, { field, message }: { readonly field: string | null; readonly message: string }) {
  const where = field === null ? part : `${part}.${field}`;
  return unfitting(where, message, 'Send an event that could be scored: see the features of the detector.');
}
