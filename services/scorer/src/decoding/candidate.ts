import type { DetectorDefinition } from '@flowline/config';
import type { DeadLetter } from '@flowline/events';
import { compileEventId, compileEventTime, Fault, unreadable } from '@flowline/features';
import type { RecordDecoder, SourceBatch, SourceRecord } from '@flowline/stream';

import { deadLetter } from './kept-record.ts';

/** Parts of a source that say how its records are read. */
export type DecodedSource = Pick<DetectorDefinition['source'], 'time' | 'eventId' | 'key'>;

/** A decoded record whose features are not read yet. */
export interface Candidate {
  readonly record: SourceRecord;
  readonly value: unknown;
  readonly eventId: string;
  readonly timeMs: number;
}

/** Decodes one record of a batch. No record makes it throw. */
export type DecodeCandidate = (batch: SourceBatch, record: SourceRecord) => Candidate | DeadLetter;

/** Maximum bytes kept of a record that exceeds the size limit. */
const KEPT_BYTES = 65_536;

/**
 * Compiles a source to a decoder of single records: bytes → value → event time and id.
 * @param maxBytes size limit of a value; a longer one becomes a dead letter.
 */
export function createCandidateDecoder(
  source: DecodedSource,
  format: RecordDecoder,
  maxBytes: number,
): DecodeCandidate {
  const timeOf = compileEventTime(source.time);
  const ownId = source.eventId === null ? null : compileEventId(source.eventId);
  const decodeValue = (batch: SourceBatch, record: SourceRecord, bytes: Uint8Array): Candidate | DeadLetter => {
    const decoded = format.decode(bytes);
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
  return (batch, record) => {
    const { fault, value } = record;
    if (fault !== undefined) return deadLetter(record, fault.reason, null, fault.message);
    if (value === null) return deadLetter(record, 'tombstone', null, 'The record has no value.');
    if (value.length > maxBytes) return tooLarge(record, value, maxBytes);
    try {
      return decodeValue(batch, record, value);
    } catch (error) {
      // Last resort: an unexpected error affects no other record.
      const { reason, field, message } = unreadable(error);
      return deadLetter(record, reason, field, message);
    }
  };
}

/** Event id made from a record's position, for events without an id of their own. */
export const positionId = ({ topic, partition }: SourceBatch, offset: number): string =>
  `${topic}-${partition}-${offset}`;

function tooLarge(record: SourceRecord, value: Uint8Array, maxBytes: number): DeadLetter {
  const message = `The value is larger than ${maxBytes} bytes; its first bytes are kept.`;
  return deadLetter({ ...record, value: value.subarray(0, KEPT_BYTES) }, 'too_large', null, message);
}

/** True for the value of an event; any other has no fields. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
