import type { RecordHeaders, SourceRecord } from '@flowline/stream';
import type { KafkaMessage } from 'kafkajs';

import type { FetchedMessage } from './fetched-message.ts';

const NO_HEADERS: RecordHeaders = {};

/** Latest time that both JavaScript and Postgres can express. */
const LATEST_MS = 8.64e15;

/** Converts a Kafka message to a source record. A timestamp out of range is clamped. */
export function toRecord(message: KafkaMessage): SourceRecord {
  const { offset, key, value, headers, timestamp } = message;
  const { fault } = message as Partial<Pick<FetchedMessage, 'fault'>>;
  const record = {
    offset: Number(offset),
    key,
    value,
    // Headers may be missing, although the types of kafkajs do not say so.
    headers: (headers as RecordHeaders | undefined) ?? NO_HEADERS,
    timestampMs: Math.min(Math.max(Number(timestamp), 0), LATEST_MS),
  };
  return fault === undefined ? record : { ...record, fault };
}
