import type { DeadLetter, DeadLetterReason, KeptRecord } from '@flowline/events';
import { type SourceBatch, type SourceRecord, toStoredHeaders } from '@flowline/stream';

/** A record in its original form, as a dead letter keeps it. */
export function keptRecord({ offset, key, value, headers, timestampMs }: SourceRecord): KeptRecord {
  return { offset, key, value, headers: toStoredHeaders(headers), timestampMs };
}

/** Dead letter of a record. */
export function deadLetter(
  record: SourceRecord,
  reason: DeadLetterReason,
  field: string | null,
  message: string,
): DeadLetter {
  return { ...keptRecord(record), reason, field, message };
}

/**
 * Record of a batch at an offset.
 * @throws RangeError if there is none.
 */
export function recordAt({ topic, partition, records }: SourceBatch, offset: number): SourceRecord {
  const record = records.find((candidate) => candidate.offset === offset);
  if (record === undefined) throw new RangeError(`the batch of ${topic}[${partition}] has no record ${offset}`);
  return record;
}
