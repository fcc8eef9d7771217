import type { StoredHeaders } from '@flowline/events';
import { fromStoredHeaders } from '@flowline/stream';

import type { KafkaClient } from './kafka-client.ts';
import { KafkaProducer } from './kafka-producer.ts';
import { messageBytes } from './message-bytes.ts';

/** A record to be produced as it once came. */
export interface ProducedRecord {
  readonly topic: string;
  readonly partition: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: StoredHeaders;
}

/** Produces records again. */
export interface RecordProducer {
  /** Resolves when all are replicated. @throws FlowlineError FLOWLINE_TOPIC_MISSING, FLOWLINE_BROKER_UNREACHABLE. */
  send(records: readonly ProducedRecord[]): Promise<void>;
  close(): Promise<void>;
}

/** Produces records with the bytes of key, value and headers that they came with, to their partition. Connects with the first. */
export function createRecordProducer(client: KafkaClient): RecordProducer {
  const producer = new KafkaProducer(client);
  return {
    send: async (records) => {
      for (const topic of new Set(records.map((record) => record.topic))) {
        const messages = records.filter((record) => record.topic === topic).map(toMessage);
        await producer.send(topic, messages, messageBytes);
      }
    },
    close: () => producer.close(),
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
