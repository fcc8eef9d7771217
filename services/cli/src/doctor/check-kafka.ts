import type { DetectorDefinition, Settings } from '@flowline/config';
import { lagSeconds, type StreamPosition } from '@flowline/db';
import { createKafkaClient, KafkaAdmin } from '@flowline/kafka';
import { silentLogger } from '@flowline/telemetry';

import { formatCount } from '../output.ts';
import type { DatabaseFindings } from './check-database.ts';
import { type DoctorFinding, failed, failure, finding, ok, skipped } from './finding.ts';

/** The brokers, the topics that the detectors name, and how far each detector is behind. */
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

/** How far what is stored is behind the ends of a topic; by Postgres and the broker alone, whether or not a scorer runs. */
async function checkLag(
  admin: KafkaAdmin,
  check: string,
  topic: string,
  positions: readonly StreamPosition[],
): Promise<DoctorFinding> {
  const stored = new Map(positions.map((position) => [position.partition, position]));
  const lags = (await admin.offsets(topic)).map(({ partition, low, high }) => {
    const { nextOffset = low, recordTime = null } = stored.get(partition) ?? {};
    const records = Math.max(0, high - Math.max(low, nextOffset));
    return { records, seconds: lagSeconds(records, recordTime) };
  });
  const records = lags.reduce((sum, lag) => sum + lag.records, 0);
  const behind = `${formatCount(records)} records wait in ${lags.filter((lag) => lag.records > 0).length} of ${lags.length} partitions`;
  if (records === 0) return ok(check, `none: everything in ${lags.length} partitions is stored`);
  if (positions.length === 0) return ok(check, `${behind}; nothing has been stored yet`);
  const seconds = Math.max(...lags.map((lag) => lag.seconds));
  return ok(check, `${behind}; the last that is stored is ${formatCount(seconds)} s old`);
}
