import { type DetectorDefinition, entityOf } from '@flowline/config';
import { type Database, readLookup } from '@flowline/db';
import { at, type LookupTable, type ValuesInForce } from '@flowline/events';
import { createRecordReader } from '@flowline/features';
import type { RecordDecoder, SourceBatch } from '@flowline/stream';

import { decodeInTurns } from './decode-in-turns.ts';
import type { DecodedEvents } from './event-rows.ts';
import { createDecoder, type DecodeEvents } from './record-decoder.ts';
import { type RepeatRules, repeatRules } from '../ids/repeat-rules.ts';
import { windowsMaker, type WindowsMaker } from '../windows/windows-maker.ts';

/**
 * Decodes records to events by a detector's definition in force, regardless of the model that
 * scores them, if any.
 */
export interface DecoderInForce {
  readonly detectorVersion: number;
  /**
   * Windows of the features over the past of entities, as a model will have them; null if events
   * stand alone.
   */
  readonly windows: WindowsMaker | null;
  readonly repeats: RepeatRules | null;
  readonly decode: DecodeEvents;
}

/** A batch as the definition in force reads it. */
export interface EventsInForce {
  readonly detectorVersion: number;
  readonly events: DecodedEvents;
}

/** A detector definition and its version. */
export interface VersionedDefinition {
  readonly version: number;
  readonly definition: DetectorDefinition;
}

/**
 * Creates a decoder for a definition, with the current content of its lookup tables.
 * @param format decodes the values of records.
 * @throws FlowlineError if a lookup cannot be read.
 */
export async function decoderInForce(
  db: Database,
  { version, definition }: VersionedDefinition,
  format: RecordDecoder,
  eventMaxBytes: number,
): Promise<DecoderInForce> {
  const { features, source } = definition;
  const lookups: Record<string, LookupTable> = {};
  for (const [name, lookup] of Object.entries(definition.lookups)) {
    lookups[name] = 'table' in lookup ? lookup.table : await readLookup(db, name, lookup.query, lookup.key);
  }
  return {
    detectorVersion: version,
    windows: windowsMaker({ schema: features, lookups, entity: entityOf(definition) }),
    repeats: repeatRules(source),
    decode: createDecoder(source, format, createRecordReader(features, lookups), eventMaxBytes),
  };
}

/**
 * Decodes a batch by the definition in force, next to the model. Needs no windows: if a detector
 * learns from its events, none of its features looks at an entity's past.
 */
export async function readInForce(
  source: SourceBatch,
  { detectorVersion, decode }: DecoderInForce,
): Promise<EventsInForce> {
  return { detectorVersion, events: await decodeInTurns(decode, source, null) };
}

/**
 * Values of a model's events as the definition in force reads them. Both inputs are in offset
 * order.
 */
export function valuesOf(
  events: DecodedEvents,
  { detectorVersion, events: { table, offsets } }: EventsInForce,
): ValuesInForce {
  const rows = new Int32Array(events.offsets.length);
  let row = 0;
  for (const [event, offset] of events.offsets.entries()) {
    while (row < offsets.length && at(offsets, row) < offset) row++;
    rows[event] = offsets[row] === offset ? row : -1;
  }
  const { numeric, numericWidth, levels, levelWidth } = table;
  return { detectorVersion, numeric, numericWidth, levels, levelWidth, rows };
}
