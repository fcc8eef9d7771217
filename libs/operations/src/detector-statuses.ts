import { readDefinition, type Settings } from '@flowline/config';
import { type Database, readPositions, type StoredDetector } from '@flowline/db';
import { FlowlineError } from '@flowline/events';
import { createKafkaClient, KafkaAdmin } from '@flowline/kafka';
import { silentLogger } from '@flowline/telemetry';

import { type DetectorStatus, detectorStatus } from './detector-status.ts';
import { type TopicLag, topicLag } from './topic-lag.ts';

/**
 * Looks up the state of detectors and, if brokers are named, the lag of each. All else comes from
 * Postgres, so a broker that does not answer leaves only the lag unknown.
 */
export async function detectorStatuses(
  db: Database,
  stored: readonly StoredDetector[],
  { brokers, ...access }: Settings['kafka'],
): Promise<DetectorStatus[]> {
  const statuses = await Promise.all(stored.map((one) => detectorStatus(db, one)));
  if (brokers === null) return statuses;
  const connecting = KafkaAdmin.connect(createKafkaClient({ brokers, ...access, log: silentLogger }));
  try {
    return await Promise.all(
      statuses.map(async (status, i) => {
        const { kafka } = readDefinition(stored[i]?.definition, status.detector).source;
        if (kafka === null) return status;
        const positions = await readPositions(db, status.detector, kafka.topic);
        const lag = await lagOrReason(async () => topicLag(await connecting, kafka.topic, positions));
        return { ...status, ...lag };
      }),
    );
  } finally {
    await connecting.then(
      (admin) => admin.close(),
      () => undefined,
    );
  }
}

async function lagOrReason(look: () => Promise<TopicLag>): Promise<Pick<DetectorStatus, 'lag' | 'lagUnknown'>> {
  try {
    return { lag: await look(), lagUnknown: null };
  } catch (error) {
    if (!(error instanceof FlowlineError)) throw error;
    return { lag: null, lagUnknown: error.message };
  }
}
