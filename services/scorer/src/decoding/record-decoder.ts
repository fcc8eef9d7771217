import type { DetectorDefinition } from '@flowline/config';
import { at, type DeadLetter } from '@flowline/events';
import { concatTables, type EntityWindows, type RecordReader, selectRows } from '@flowline/features';
import type { RecordDecoder, SourceBatch, SourceRecord } from '@flowline/stream';

import { type Candidate, createCandidateDecoder, positionId } from './candidate.ts';
import { deadLetter } from './kept-record.ts';
import { type EventRows, compilePlainColumns } from './plain-columns.ts';

/** A decoded batch. Every record is either an event (a row, in record order) or a dead letter. */
export interface DecodedEvents extends EventRows {
  /** Entity of each event; null if events stand alone. */
  readonly entities: readonly string[] | null;
  /** Dead letters, in record order. */
  readonly deadLetters: readonly DeadLetter[];
}

/**
 * Decodes the records of a batch. No record makes it throw.
 * @param windows the past of the partition's entities, updated with the batch; null if events stand
 * alone.
 */
export type DecodeEvents = (batch: SourceBatch, windows: EntityWindows | null) => DecodedEvents;

/**
 * Compiles a detector's source to a decoder: bytes → value → event time and id → features. Most
 * records of plain fields take a shortcut: bytes → features.
 * @param format decodes the value of a record.
 * @param maxBytes size limit of a value; a longer one becomes a dead letter.
 */
export function createDecoder(
  source: DetectorDefinition['source'],
  format: RecordDecoder,
  reader: RecordReader,
  maxBytes: number,
): DecodeEvents {
  const decodeCandidate = createCandidateDecoder(source, format, maxBytes);
  const beginPlain = compilePlainColumns(source, format, reader.plain);

  /**
   * Decodes the records that the shortcut does not take: a whole batch, or the few that are not
   * plain.
   */
  const decodeEach = (
    batch: SourceBatch,
    records: readonly SourceRecord[],
    windows: EntityWindows | null,
  ): DecodedEvents => {
    const candidates: Candidate[] = [];
    const deadLetters: DeadLetter[] = [];
    for (const record of records) {
      const decoded = decodeCandidate(batch, record);
      if ('reason' in decoded) deadLetters.push(decoded);
      else candidates.push(decoded);
    }
    return readFeatures(reader, candidates, deadLetters, windows);
  };

  return (batch, windows) => {
    // Windows look at each record in turn.
    if (beginPlain === null || windows !== null) return decodeEach(batch, batch.records, windows);
    const plain = beginPlain(batch.records.length, ({ offset }) => positionId(batch, offset));
    const others = batch.records.filter(
      (record) => record.value === null || record.value.length > maxBytes || !plain.add(record, record.value),
    );
    const rows = plain.rows();
    if (others.length === 0) return { ...rows, entities: null, deadLetters: [] };
    const rest = decodeEach(batch, others, null);
    return rows.table.size === 0 ? rest : { ...rest, ...inOrder(rows, rest) };
  };
}

/** Reads the features of candidates. Those that lack something become dead letters, too. */
function readFeatures(
  reader: RecordReader,
  candidates: readonly Candidate[],
  undecodable: readonly DeadLetter[],
  windows: EntityWindows | null,
): DecodedEvents {
  const past = windows?.batch(
    candidates.map(({ record }) => record.offset),
    candidates.map(({ timeMs }) => timeMs),
  );
  const values = candidates.map(({ value }) => value);
  const { table, accepted, faults, entities } = reader.read(values, past);
  const deadLetters = [
    ...undecodable,
    ...faults.map(({ index, reason, field, message }) =>
      deadLetter(at(candidates, index).record, reason, field, message),
    ),
  ].sort((a, b) => a.offset - b.offset);
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

/** Merges the events of two parts of a batch in offset order. */
function inOrder(a: EventRows, b: EventRows): EventRows {
  const offsets = [...a.offsets, ...b.offsets];
  const times = [...a.eventTimesMs, ...b.eventTimesMs];
  const ids = [...a.eventIds, ...b.eventIds];
  const order = Int32Array.from(offsets.keys()).sort((i, j) => at(offsets, i) - at(offsets, j));
  return {
    table: selectRows(concatTables([a.table, b.table]), order),
    offsets: Float64Array.from(order, (row) => at(offsets, row)),
    eventIds: Array.from(order, (row) => at(ids, row)),
    eventTimesMs: Float64Array.from(order, (row) => at(times, row)),
  };
}

/** Lets a format fetch whatever the values of a batch need; returns at once if it needs nothing. */
export async function prepareBatch(format: RecordDecoder, { records }: SourceBatch): Promise<void> {
  await format.prepare?.(records.flatMap(({ value }) => (value === null ? [] : [value])));
}
