import type { EntityWindows } from '@flowline/features';

import { decodeInTurns } from '../decoding/decode-in-turns.ts';
import { type EventsInForce, readInForce } from '../decoding/decoder-in-force.ts';
import type { ReadableBatch } from '../decoding/event-reader.ts';
import type { DecodedEvents } from '../decoding/event-rows.ts';
import { type DecodeEvents, prepareBatch } from '../decoding/record-decoder.ts';

/** Events of a batch. */
export interface BatchEvents {
  readonly events: DecodedEvents;
  /**
   * Events as the definition in force reads them. Null if the reader has the features in force, or
   * if the detector does not learn from its events.
   */
  readonly inForce: EventsInForce | null;
}

/**
 * Decodes records to events or dead letters.
 * @param past windows over the past of the partition's entities, which take in the events; null if
 * events stand alone.
 */
export async function decode(
  { source, reader, repeats }: ReadableBatch,
  past: EntityWindows | null,
): Promise<BatchEvents> {
  await prepareBatch(reader.format, source);
  const inForce = reader.inForce && (await readInForce(source, reader.inForce));
  const decodePart: DecodeEvents = (part, windows) => reader.decode(part, windows, repeats ?? null);
  return { events: await decodeInTurns(decodePart, source, past), inForce };
}
