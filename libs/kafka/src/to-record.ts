import type { SourceRecord } from '@flowline/stream';
import type { KafkaMessage } from 'kafkajs';

const NO_HEADERS = {};

/** A record as the stream knows it. Of a repeated header the last value counts, as text. */
export function toRecord({ offset, key, value, headers, timestamp }: KafkaMessage): SourceRecord {
  return { offset: Number(offset), key, value, headers: toText(headers), timestampMs: Number(timestamp) };
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
