import type { DetectorDefinition } from '@flowline/config';
import { at, type DeadLetter } from '@flowline/events';
import {
  compileEventId,
  compileEventTime,
  concatTables,
  type EntityWindows,
  Fault,
  type RecordReader,
  selectRows,
  unreadable,
} from '@flowline/features';
import type { RecordDecoder, SourceBatch, SourceRecord } from '@flowline/stream';

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

/** Maximum bytes kept of a record that exceeds the size limit. */
const KEPT_BYTES = 65_536;

interface Candidate {
  readonly record: SourceRecord;
  readonly value: unknown;
  readonly eventId: string;
  readonly timeMs: number;
}

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
  const timeOf = compileEventTime(source.time);
  const ownId = source.eventId === null ? null : compileEventId(source.eventId);
  const beginPlain = compilePlainColumns(source, format, reader.plain);

  const decodeOne = (batch: SourceBatch, record: SourceRecord): Candidate | DeadLetter => {
    if (record.fault !== undefined) return deadLetter(record, record.fault.reason, null, record.fault.message);
    if (record.value === null) return deadLetter(record, 'tombstone', null, 'The record has no value.');
    if (record.value.length > maxBytes) {
      const message = `The value is larger than ${maxBytes} bytes; its first bytes are kept.`;
      return deadLetter({ ...record, value: record.value.subarray(0, KEPT_BYTES) }, 'too_large', null, message);
    }
    const decoded = format.decode(record.value);
    if ('reason' in decoded) return deadLetter(record, decoded.reason, null, decoded.message);
    const { value } = decoded;
    // The feature reader rejects any other value with a precise message.
    if (!isObject(value)) return { record, value, eventId: '', timeMs: 0 };
    const timeMs = timeOf(value);
    if (timeMs instanceof Fault) return deadLetter(record, timeMs.reason, timeMs.field, timeMs.message);
    const eventId = ownId === null ? positionId(batch, record.offset) : ownId(value);
    if (eventId instanceof Fault) return deadLetter(record, eventId.reason, eventId.field, eventId.message);
    return { record, value, eventId, timeMs };
  };

  /**
   * Last resort: an unexpected error makes its record a dead letter and affects no other record.
   */
  const decode = (batch: SourceBatch, record: SourceRecord): Candidate | DeadLetter => {
    try {
      return decodeOne(batch, record);
    } catch (error) {
      const { reason, field, message } = unreadable(error);
      return deadLetter(record, reason, field, message);
    }
  };

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
      const decoded = decode(batch, record);
      if ('reason' in decoded) deadLetters.push(decoded);
      else candidates.push(decoded);
    }
    const past = windows?.batch(
      candidates.map(({ record }) => record.offset),
      candidates.map(({ timeMs }) => timeMs),
    );
    const values = candidates.map(({ value }) => value);
    const { table, accepted, faults, entities } = reader.read(values, past);
    for (const { index, reason, field, message } of faults) {
      const candidate = candidates[index];
      if (candidate !== undefined) deadLetters.push(deadLetter(candidate.record, reason, field, message));
    }
    deadLetters.sort((a, b) => a.offset - b.offset);

    const offsets = new Float64Array(table.size);
    const eventTimesMs = new Float64Array(table.size);
    const eventIds: string[] = [];
    for (const [row, index] of accepted.entries()) {
      const candidate = candidates[index];
      if (candidate === undefined) throw new RangeError(`the reader accepted record ${index}, which it was not given`);
      offsets[row] = candidate.record.offset;
      eventTimesMs[row] = candidate.timeMs;
      eventIds.push(candidate.eventId);
    }
    return { table, offsets, eventIds, eventTimesMs, entities, deadLetters };
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

const positionId = ({ topic, partition }: SourceBatch, offset: number): string => `${topic}-${partition}-${offset}`;

/** Lets a format fetch whatever the values of a batch need; returns at once if it needs nothing. */
export async function prepareBatch(format: RecordDecoder, { records }: SourceBatch): Promise<void> {
  await format.prepare?.(records.flatMap(({ value }) => (value === null ? [] : [value])));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
