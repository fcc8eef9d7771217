import { type DetectorDefinition, entityOf } from '@flowline/config';
import { commitCollected, type Database, readLookup } from '@flowline/db';
import type { LookupTable } from '@flowline/events';
import { createRecordReader } from '@flowline/features';

import type { Collector } from './collect.ts';
import { createDecoder } from './decode-events.ts';
import { windowsMaker } from './partition-windows.ts';
import { recordFormats } from './record-formats.ts';

/**
 * How the events of a detector are stored while it has no model: by its definition in force, with its lookup tables as they are now.
 * @throws FlowlineError where a lookup cannot be read.
 */
export async function openCollector(
  db: Database,
  definition: DetectorDefinition,
  detectorVersion: number,
  eventMaxBytes: number,
): Promise<Collector> {
  const lookups: Record<string, LookupTable> = {};
  for (const [name, source] of Object.entries(definition.lookups)) {
    lookups[name] = 'table' in source ? source.table : await readLookup(db, name, source.query, source.key);
  }
  const format = recordFormats[definition.source.kafka?.format ?? 'json']();
  const reader = createRecordReader(definition.features, lookups);
  return {
    detector: definition.name,
    detectorVersion,
    format,
    windows: windowsMaker({ schema: definition.features, lookups, entity: entityOf(definition) }),
    decode: createDecoder(definition.source, format, reader, eventMaxBytes),
    commit: (batch) => commitCollected(db, batch),
  };
}
