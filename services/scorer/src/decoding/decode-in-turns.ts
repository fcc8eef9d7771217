import { setImmediate as nextTurn } from 'node:timers/promises';

import { concatTables, type EntityWindows } from '@flowline/features';
import type { SourceBatch } from '@flowline/stream';

import type { DecodedEvents, DecodeEvents } from './record-decoder.ts';

/** Length of a turn, after which the event loop serves others. */
const TURN_MS = 8;
/** Records of the first part, before anything is measured, and bounds of the later ones. */
const FIRST_RECORDS = 256;
const FEWEST_RECORDS = 16;
const MOST_RECORDS = 8_192;

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
  let most = FIRST_RECORDS;
  for (let start = 0; start < records.length || parts.length === 0;) {
    if (parts.length > 0) await nextTurn();
    const part = records.slice(start, start + most);
    const startMs = nowMs();
    parts.push(decode({ ...source, records: part }, windows));
    const perMs = part.length / Math.max(1e-3, nowMs() - startMs);
    most = Math.min(MOST_RECORDS, 2 * most, Math.max(FEWEST_RECORDS, Math.floor(perMs * TURN_MS)));
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
