import { Turns } from '@flowline/events';
import type { EntityWindows } from '@flowline/features';
import type { SourceBatch } from '@flowline/stream';

import { type DecodedEvents, joinEvents } from './event-rows.ts';
import type { DecodeEvents } from './record-decoder.ts';

/** Records of the first part, before anything is measured. */
const FIRST_RECORDS = 256;
/**
 * Length of a turn. Short, since every statement of the transactions that store other batches waits
 * for the end of one, and batches of other partitions wait for their locks.
 */
const TURN_MS = 2;

/**
 * Decodes the records of a batch in parts, each as large as a turn of the event loop allows, and
 * joins them: the events and dead letters are those of the batch decoded at once.
 */
export async function decodeInTurns(
  decode: DecodeEvents,
  source: SourceBatch,
  windows: EntityWindows | null,
  nowMs: () => number = () => performance.now(),
): Promise<DecodedEvents> {
  const { records } = source;
  const parts: DecodedEvents[] = [];
  const turns = new Turns(nowMs, undefined, FIRST_RECORDS, TURN_MS);
  for (let start = 0; start < records.length || parts.length === 0;) {
    const part = records.slice(start, start + turns.rows);
    parts.push(await turns.call(part.length, () => Promise.resolve(decode({ ...source, records: part }, windows))));
    start += part.length;
  }
  return joinEvents(parts);
}
