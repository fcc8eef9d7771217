import type { FlowlineError, StoredHeaders } from '@flowline/events';
import { fromStoredHeaders } from '@flowline/stream';

import type { KafkaClient } from './kafka-client.ts';
import { TopicProducers } from './topic-producers.ts';

/** A record to be produced as it once came. */
export interface ProducedRecord {
  readonly topic: string;
  readonly partition: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: StoredHeaders;
}

/** A record that the brokers have not taken. */
export interface UnsentRecord<R extends ProducedRecord> {
  readonly item: R;
  /** true: as it is, it never will be taken; false: not now. */
  readonly refused: boolean;
  /** FLOWLINE_TOPIC_MISSING, FLOWLINE_BROKER_UNREACHABLE. */
  readonly error: FlowlineError;
}

/** Produces records again. */
export interface RecordProducer {
  /** Resolves when all are replicated that the brokers take, to the others. */
  send<R extends ProducedRecord>(records: readonly R[]): Promise<readonly UnsentRecord<R>[]>;
  close(): Promise<void>;
}

/** Produces records with the bytes of key, value and headers that they came with, to their partition. Connects with the first. */
export function createRecordProducer(client: KafkaClient): RecordProducer {
  const producers = new TopicProducers(client);
  return {
    send: (records) => producers.send(records, toMessage),
    close: () => producers.close(),
  };
}

function toMessage({ partition, key, value, headers }: ProducedRecord) {
  // kafkajs cannot write a header without a value: an empty one stands for it.
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
