import type { Settings } from '@flowline/config';
import {
  type Database,
  type Redriven,
  redriveDeadLetters,
  type RedriveFilter,
  type RedrivenRecord,
  type UnsentLetter,
} from '@flowline/db';
import { createKafkaClient, createRecordProducer, type RecordProducer } from '@flowline/kafka';
import { silentLogger } from '@flowline/telemetry';

/** Brokers, and the login for them. */
export type KafkaAccess = Settings['kafka'] & { readonly brokers: readonly string[] };

/**
 * Sends dead letters of a detector back to their topics, oldest first, once each.
 * @throws FlowlineError of Kafka, with the sent ones marked.
 */
export async function redriveToTopics(db: Database, access: KafkaAccess, filter: RedriveFilter): Promise<Redriven> {
  const producer = createRecordProducer(createKafkaClient({ ...access, log: silentLogger }));
  try {
    return await redriveDeadLetters(db, filter, (records) => sendAgain(producer, records));
  } finally {
    await producer.close();
  }
}

/**
 * Sends records back to their topics. A record whose topic does not exist (such as one from a file)
 * is refused.
 */
async function sendAgain(
  producer: RecordProducer,
  records: readonly RedrivenRecord[],
): Promise<readonly UnsentLetter[]> {
  const unsent = await producer.send(records.map(withOrigin));
  return unsent.map(({ item: { deadLetterId }, refused, error }) => ({
    ...{ deadLetterId, error },
    refused: refused || error.code === 'FLOWLINE_TOPIC_MISSING',
  }));
}

/**
 * Adds the origin of a record as a header, so that other readers of the topic can recognise a
 * repeat.
 */
function withOrigin(record: RedrivenRecord): RedrivenRecord {
  const origin = `${record.topic}-${record.partition}-${record.offset}`;
  return { ...record, headers: { ...record.headers, 'flowline.redriven': origin } };
}
