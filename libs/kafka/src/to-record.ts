import type { SourceRecord } from '@flowline/stream';
import type { KafkaMessage } from 'kafkajs';

const NO_HEADERS = {};

/** The last time that both JavaScript and Postgres can express. */
const LATEST_MS = 8.64e15;

/** A record as the stream knows it; a producer's absurd timestamp is brought into range. Of a repeated header the last value counts, as text. */
export function toRecord({ offset, key, value, headers, timestamp }: KafkaMessage): SourceRecord {
  return {
    offset: Number(offset),
    key,
    value,
    headers: toText(headers),
    timestampMs: Math.min(Math.max(Number(timestamp), 0), LATEST_MS),
  };
}

function toText(headers: KafkaMessage['headers']): Readonly<Record<string, string>> {
  if (headers === undefined) return NO_HEADERS;
  const text: Record<string, string> = {};
  for (const [name, values] of Object.entries(headers)) {
    const value = Array.isArray(values) ? values.at(-1) : values;
    if (value !== undefined) text[name] = value.toString();
  }
  return text;
}
