import { at, type DeadLetter } from '@flowline/events';
import type { EntityWindows, RecordReader } from '@flowline/features';
import type { RecordDecoder, SourceBatch, SourceRecord } from '@flowline/stream';

import type { Repeats } from '../ids/batch-repeats.ts';
import { type Candidate, createCandidateDecoder, type DecodedSource, isObject, positionId } from './candidate.ts';
import { type DecodedEvents, joinEvents, mergeRows } from './event-rows.ts';
import { compileFieldRows } from './field-rows.ts';
import { deadLetter } from './kept-record.ts';

/**
 * Decodes the records of a batch. No record makes it throw.
 * @param windows the past of the partition's entities, updated with the batch; null if events stand
 * alone.
 * @param repeats tells the repeats, which are left out; null if these are events like others.
 */
export type DecodeEvents = (
  batch: SourceBatch,
  windows: EntityWindows | null,
  repeats?: Repeats | null,
) => DecodedEvents;

/**
 * Compiles a detector's source to a decoder: bytes → value → event time and id → features. Most
 * records of top-level fields take a shortcut: bytes → features.
 * @param format decodes the value of a record.
 * @param maxBytes size limit of a value; a longer one becomes a dead letter.
 */
export function createDecoder(
  source: DecodedSource,
  format: RecordDecoder,
  reader: RecordReader,
  maxBytes: number,
): DecodeEvents {
  const decodeCandidate = createCandidateDecoder(source, format, maxBytes);
  const begin = compileFieldRows(source, format, reader.columns);

  /**
   * Decodes the records that the shortcut does not take: a whole batch, or the few that are not
   * plain.
   */
  const decodeEach = (
    batch: SourceBatch,
    records: readonly SourceRecord[],
    windows: EntityWindows | null,
    repeats: Repeats | null,
  ): DecodedEvents => {
    const candidates: Candidate[] = [];
    const deadLetters: DeadLetter[] = [];
    for (const record of records) {
      const decoded = decodeCandidate(batch, record);
      if ('reason' in decoded) deadLetters.push(decoded);
      else candidates.push(decoded);
    }
    const read = (some: readonly Candidate[]): DecodedEvents => readFeatures(reader, some, windows);
    const events = repeats === null ? read(candidates) : readWithoutRepeats(candidates, repeats, read);
    return { ...events, deadLetters: inOrder(deadLetters, events.deadLetters) };
  };

  return (batch, windows, repeats = null) => {
    const rows = begin?.(batch.records.length, ({ offset }) => positionId(batch, offset), windows) ?? null;
    if (rows === null) return decodeEach(batch, batch.records, windows, repeats);
    const isInOrder = windows !== null || repeats !== null;
    const parts: DecodedEvents[] = [];
    let others: SourceRecord[] = [];
    const decodeOthers = (): void => {
      if (others.length > 0) parts.push(decodeEach(batch, others, windows, repeats));
      others = [];
    };
    for (const record of batch.records) {
      const { value } = record;
      const isPlain = value !== null && value.length <= maxBytes && rows.read(record, value);
      // Windows and ids see the events in turn.
      if (isPlain && isInOrder) decodeOthers();
      if (isPlain && repeats?.isRepeat(rows.eventId, record, rows.eventTimeMs) === true) continue;
      if (!isPlain || !rows.add()) others.push(record);
      else repeats?.add(rows.eventId, record);
    }
    decodeOthers();
    const plain = rows.rows();
    if (parts.length === 0) return { ...plain, deadLetters: [] };
    const rest = joinEvents(parts);
    return plain.table.size === 0 ? rest : { ...rest, ...mergeRows(plain, rest) };
  };
}

/**
 * Reads the features of candidates in runs without a repeated id. An id counts from its candidate
 * on, unless that is not accepted, on which depends whether the next one of that id is a repeat.
 */
function readWithoutRepeats(
  candidates: readonly Candidate[],
  repeats: Repeats,
  read: (candidates: readonly Candidate[]) => DecodedEvents,
): DecodedEvents {
  const parts: DecodedEvents[] = [];
  const run = new Map<string, Candidate>();
  const readRun = (): void => {
    const events = read([...run.values()]);
    repeats.forget(events.deadLetters.map(({ offset }) => offset));
    parts.push(events);
    run.clear();
  };
  for (const candidate of candidates) {
    const { eventId, record, timeMs, value } = candidate;
    if (run.has(eventId)) readRun();
    // A value that is no object has no id: the reader rejects it.
    if (isObject(value)) {
      if (repeats.isRepeat(eventId, record, timeMs)) continue;
      repeats.add(eventId, record);
    }
    run.set(eventId, candidate);
  }
  if (run.size > 0 || parts.length === 0) readRun();
  return joinEvents(parts);
}

const inOrder = (a: readonly DeadLetter[], b: readonly DeadLetter[]): DeadLetter[] =>
  [...a, ...b].sort((one, other) => one.offset - other.offset);

/** Reads the features of candidates. Those that lack something become dead letters. */
function readFeatures(
  reader: RecordReader,
  candidates: readonly Candidate[],
  windows: EntityWindows | null,
): DecodedEvents {
  const past = windows?.batch(
    candidates.map(({ record }) => record.offset),
    candidates.map(({ timeMs }) => timeMs),
  );
  const values = candidates.map(({ value }) => value);
  const { table, accepted, faults, entities } = reader.read(values, past);
  const deadLetters = faults.map(({ index, reason, field, message }) =>
    deadLetter(at(candidates, index).record, reason, field, message),
  );
  const offsets = new Float64Array(table.size);
  const eventTimesMs = new Float64Array(table.size);
  const eventIds: string[] = [];
  for (const [row, index] of accepted.entries()) {
    const { record, timeMs, eventId } = at(candidates, index);
    offsets[row] = record.offset;
    eventTimesMs[row] = timeMs;
    eventIds.push(eventId);
  }
  return { table, offsets, eventIds, eventTimesMs, entities, deadLetters };
}

/** Lets a format fetch whatever the values of a batch need; returns at once if it needs nothing. */
export async function prepareBatch(format: RecordDecoder, { records }: SourceBatch): Promise<void> {
  await format.prepare?.(records.flatMap(({ value }) => (value === null ? [] : [value])));
}
