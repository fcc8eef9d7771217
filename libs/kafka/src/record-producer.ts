import type { FlowlineError, StoredHeaders } from '@flowline/events';
import { fromStoredHeaders } from '@flowline/stream';

import type { KafkaClient } from './kafka-client.ts';
import { TopicProducers } from './topic-producers.ts';

/** Record to be produced again, as it was received. */
export interface ProducedRecord {
  readonly topic: string;
  readonly partition: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: StoredHeaders;
}

/** Record that the brokers have not accepted. */
export interface UnsentRecord<R extends ProducedRecord> {
  readonly item: R;
  /** True if the record will never be accepted as it is; false if it may be accepted later. */
  readonly refused: boolean;
  /** Cause: FLOWLINE_TOPIC_MISSING or FLOWLINE_BROKER_UNREACHABLE. */
  readonly error: FlowlineError;
}

/** Produces records again. */
export interface RecordProducer {
  /** Resolves to the unsent records once all that the brokers accept are replicated. */
  send<R extends ProducedRecord>(records: readonly R[]): Promise<readonly UnsentRecord<R>[]>;
  close(): Promise<void>;
}

/**
 * Creates a producer that sends records to their original partition, with their original bytes of
 * key, value and headers. Connects with the first record.
 */
export function createRecordProducer(client: KafkaClient): RecordProducer {
  const producers = new TopicProducers(client);
  return {
    send: (records) => producers.send(records, toMessage),
    close: () => producers.close(),
  };
}

function toMessage({ partition, key, value, headers }: ProducedRecord) {
  // kafkajs cannot write a header without a value; an empty value stands for it.
  const bytes = (header: Uint8Array | null): Buffer => Buffer.from(header ?? []);
  const entries = Object.entries(fromStoredHeaders(headers)).map(
    ([name, found]) => [name, Array.isArray(found) ? found.map(bytes) : bytes(found)] as const,
  );
  return {
    partition,
    key: key === null ? null : Buffer.from(key),
    value: value === null ? null : Buffer.from(value),
    headers: Object.fromEntries(entries),
  };
}
