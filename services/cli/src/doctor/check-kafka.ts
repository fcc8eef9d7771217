import type { DetectorDefinition, Settings } from '@flowline/config';
import { createKafkaClient, KafkaAdmin } from '@flowline/kafka';
import { silentLogger } from '@flowline/telemetry';

import { type DoctorFinding, failed, failure, finding, ok, skipped } from './finding.ts';

/** The brokers, and the topics that the detectors name. */
export async function checkKafka(
  { brokers, ...access }: Settings['kafka'],
  definitions: readonly DetectorDefinition[],
): Promise<DoctorFinding[]> {
  if (brokers === null) return [skipped('kafka', 'FLOWLINE_KAFKA_BROKERS is not set: files and standard input only')];
  const client = createKafkaClient({ brokers, ...access, log: silentLogger });
  let admin: KafkaAdmin;
  try {
    admin = await KafkaAdmin.connect(client);
  } catch (error) {
    return [failure('kafka', error)];
  }
  try {
    return [
      ok('kafka', `${brokers.join(', ')} answer${access.tls === null ? '' : ', over TLS'}`),
      await finding('topics', () => checkTopics(admin, definitions)),
    ];
  } finally {
    await admin.close();
  }
}

async function checkTopics(admin: KafkaAdmin, definitions: readonly DetectorDefinition[]): Promise<DoctorFinding> {
  const topics = [
    ...new Set(
      definitions.flatMap(({ source, alerts }) => (source.kafka === null ? [] : [source.kafka.topic, alerts.topic])),
    ),
  ];
  const missing = await admin.missingTopics(topics);
  if (missing.length > 0)
    return failed('topics', `missing: ${missing.join(', ')}`, 'Create them, or correct the names.');
  return ok('topics', topics.length === 0 ? 'no detector names one' : topics.join(', '));
}
