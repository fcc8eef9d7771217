import { Turns } from '@flowline/events';
import { concatTables, type EntityWindows } from '@flowline/features';
import type { SourceBatch } from '@flowline/stream';

import type { DecodedEvents, DecodeEvents } from './record-decoder.ts';

/** Records of the first part, before anything is measured. */
const FIRST_RECORDS = 256;

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
  const turns = new Turns(nowMs, undefined, FIRST_RECORDS);
  for (let start = 0; start < records.length || parts.length === 0;) {
    const part = records.slice(start, start + turns.rows);
    parts.push(await turns.call(part.length, () => Promise.resolve(decode({ ...source, records: part }, windows))));
    start += part.length;
  }
  return joined(parts);
}

/** Joins the events and dead letters of consecutive parts of a batch. */
function joined(parts: readonly DecodedEvents[]): DecodedEvents {
  const [first] = parts;
  if (first !== undefined && parts.length === 1) return first;
  const entities = parts.flatMap((part) => part.entities ?? []);
  return {
    table: concatTables(parts.map(({ table }) => table)),
    offsets: joinedNumbers(parts.map(({ offsets }) => offsets)),
    eventIds: parts.flatMap(({ eventIds }) => eventIds),
    eventTimesMs: joinedNumbers(parts.map(({ eventTimesMs }) => eventTimesMs)),
    entities: parts.some((part) => part.entities === null) ? null : entities,
    deadLetters: parts.flatMap(({ deadLetters }) => deadLetters),
  };
}

function joinedNumbers(parts: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(parts.reduce((size, { length }) => size + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
