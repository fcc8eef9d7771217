import type { DetectorDefinition } from '@flowline/config';
import { type Arrivals, commitCollected, type Database } from '@flowline/db';

import type { Collector } from './collect.ts';
import { decoderInForce } from '../decoding/decoder-in-force.ts';
import { recordFormats } from '../decoding/formats.ts';

/**
 * Creates the collector of a detector without a model: it reads events by the definition in force,
 * with the current content of its lookup tables.
 * @throws FlowlineError if a lookup cannot be read.
 */
export async function openCollector(
  db: Database,
  definition: DetectorDefinition,
  detectorVersion: number,
  eventMaxBytes: number,
  arrivals?: Arrivals,
): Promise<Collector> {
  const format = recordFormats[definition.source.kafka?.format ?? 'json']();
  return {
    ...(await decoderInForce(db, { version: detectorVersion, definition }, format, eventMaxBytes)),
    detector: definition.name,
    format,
    // It reads by the definition in force already.
    inForce: null,
    commit: (batch) => commitCollected(db, batch, arrivals),
  };
}
