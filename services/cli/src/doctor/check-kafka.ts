import type { DetectorDefinition, Settings } from '@flowline/config';
import type { StreamPosition } from '@flowline/db';
import { createKafkaClient, KafkaAdmin } from '@flowline/kafka';
import { topicLag } from '@flowline/operations';
import { silentLogger } from '@flowline/telemetry';

import { formatCount } from '../output.ts';
import type { DatabaseFindings } from './check-database.ts';
import { type DoctorFinding, failed, failure, finding, ok, skipped } from './finding.ts';

/** Checks the brokers, the topics that the detectors name, and the lag of each detector. */
export async function checkKafka(
  { brokers, ...access }: Settings['kafka'],
  { definitions, positions }: Pick<DatabaseFindings, 'definitions' | 'positions'>,
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
    const findings = [
      ok('kafka', `${brokers.join(', ')} answer${access.tls === null ? '' : ', over TLS'}`),
      await finding('topics', () => checkTopics(admin, definitions)),
    ];
    for (const { name, source } of definitions) {
      if (source.kafka === null) continue;
      const { topic } = source.kafka;
      const check = `lag of ${name}`;
      findings.push(await finding(check, () => checkLag(admin, check, topic, positions.get(name) ?? [])));
    }
    return findings;
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

async function checkLag(
  admin: KafkaAdmin,
  check: string,
  topic: string,
  positions: readonly StreamPosition[],
): Promise<DoctorFinding> {
  const { partitions, behind, records, seconds } = await topicLag(admin, topic, positions);
  if (records === 0) return ok(check, `none: everything in ${partitions} partitions is stored`);
  const waiting = `${formatCount(records)} records wait in ${behind} of ${partitions} partitions`;
  if (positions.length === 0) return ok(check, `${waiting}; nothing has been stored yet`);
  return ok(check, `${waiting}; the last stored one is ${formatCount(seconds)} s old`);
}
