import type { DetectorDefinition } from '@flowline/config';
import { commitCollected, type Database } from '@flowline/db';

import type { Collector } from './collect.ts';
import { decoderInForce } from './decoder-in-force.ts';
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
  const format = recordFormats[definition.source.kafka?.format ?? 'json']();
  return {
    ...(await decoderInForce(db, { version: detectorVersion, definition }, format, eventMaxBytes)),
    detector: definition.name,
    format,
    commit: (batch) => commitCollected(db, batch),
  };
}
