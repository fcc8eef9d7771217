import { eventTimeSchema, lookupTableSchema, type EntitySpec, type LookupTable } from '@flowline/events';

import type { BundleMetadata } from './bundle.ts';
import { check, readList, readNumber, readObject, readText, readWhole } from './checked.ts';

/** Parts of a manifest besides the encoding, the calibrations and the statistic. */
export interface CheckedManifest {
  readonly metadata: BundleMetadata;
  readonly lookups: Readonly<Record<string, LookupTable>>;
  readonly entity: EntitySpec | null;
  /** Metadata of each member's own file. */
  readonly flows: readonly Readonly<Record<string, string>>[];
}

/** Manifest whose parts are objects and lists of anything. */
interface UncheckedManifest {
  readonly metadata: BundleMetadata;
  readonly lookups: unknown;
  readonly entity?: unknown;
  readonly flows: unknown;
}

/**
 * Checks what scoring reads of a manifest: names, alpha, event, entity, lookups and members.
 * @throws FlowlineError FLOWLINE_MODEL_CORRUPTED
 */
export function checkedManifest({ metadata, lookups, entity = null, flows }: UncheckedManifest): CheckedManifest {
  const members = readList(flows, 'flows', (own, part) =>
    Object.fromEntries(Object.entries(readObject(own, part)).map(([key, value]) => [key, readText(value, part)])),
  );
  check(members.length > 0, 'flows', 'is empty');
  checkMetadata({ ...metadata }, members.length);
  return {
    metadata,
    lookups: Object.fromEntries(
      Object.entries(readObject(lookups, 'lookups')).map(([name, table]) => [name, readLookup(table, name)]),
    ),
    entity: entity === null ? null : readEntity(entity),
    flows: members,
  };
}

function checkMetadata(metadata: Readonly<Record<string, unknown>>, count: number): void {
  const { detector, family, members, alpha, event } = metadata;
  readText(detector, 'metadata.detector');
  readText(family, 'metadata.family');
  check(members === count, 'metadata.members', `is not ${count}, the number of flows`);
  if (alpha !== undefined) check(readNumber(alpha, 'metadata.alpha', 0) <= 1, 'metadata.alpha', 'is more than 1');
  if (event !== undefined) {
    const { time, eventId } = readObject(event, 'metadata.event');
    readTime(time, 'metadata.event.time');
    if (eventId !== null) readText(eventId, 'metadata.event.eventId');
  }
  const history = readObject(metadata.history, 'metadata.history');
  for (const name of ['train', 'validation', 'calibration', 'test']) {
    const part = `metadata.history.${name}`;
    readWhole(readObject(history[name], part).rows, `${part}.rows`);
  }
}

function readEntity(value: unknown): EntitySpec {
  const { key, time } = readObject(value, 'entity');
  return { key: readList(key, 'entity.key', readText), time: readTime(time, 'entity.time') };
}

function readTime(value: unknown, part: string): EntitySpec['time'] {
  const { data } = eventTimeSchema.safeParse(value);
  check(data !== undefined, part, 'is no time of events');
  return data;
}

function readLookup(value: unknown, name: string): LookupTable {
  const { data } = lookupTableSchema.safeParse(value);
  check(data !== undefined, `lookups.${name}`, 'is no table');
  return data;
}
