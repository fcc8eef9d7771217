import { entry } from '@flowline/events';
import { cutBack, type Database, readStream, restartStream } from '@flowline/db';
import { KafkaAdmin, streamVerdict } from '@flowline/kafka';
import type { Logger } from '@flowline/telemetry';

import type { ProcessParts } from '../process-parts.ts';
import type { KafkaDetector } from './select-detectors.ts';

/** Scorer arguments that let one detector continue after its topic was recreated. */
export const resetArguments = (detector: string): string => `--detector ${detector} --reset-offsets`;

/**
 * Resets the streams of detectors whose topic was deleted and created again (to the beginning of
 * the new topic) or has lost its end (to the end that it has now). All other detectors and
 * partitions keep their positions. So does a detector whose topic is missing; its run reports that.
 * @throws FlowlineError FLOWLINE_BROKER_UNREACHABLE.
 */
export async function resetStreams(
  { db, kafka, logger }: Pick<ProcessParts, 'db' | 'kafka' | 'logger'>,
  detectors: readonly KafkaDetector[],
): Promise<void> {
  const admin = await KafkaAdmin.connect(kafka());
  try {
    const missing = await admin.missingTopics(detectors.map((detector) => detector.kafka.topic));
    for (const { definition, kafka: source } of detectors) {
      const stream = { detector: definition.name, topic: source.topic };
      if (!missing.includes(stream.topic)) await resetStream(db, admin, stream, logger.child(stream));
    }
  } finally {
    await admin.close();
  }
}

async function resetStream(
  db: Database,
  admin: KafkaAdmin,
  { detector, topic }: { readonly detector: string; readonly topic: string },
  logger: Logger,
): Promise<void> {
  // Stored positions are read first. The log ends read later lie beyond them, unless the topic is a
  // different one.
  const stored = await readStream(db, detector, topic);
  const topicId = await admin.topicId(topic);
  const ends = new Map((await admin.offsets(topic)).map((end) => [end.partition, end]));
  const verdict = streamVerdict(stored, { topicId, ends });
  if (verdict.kind === 'recreated') {
    const partitions = await restartStream(db, { detector, topic, topicId }, [...ends.keys()]);
    logger.warn({ partitions }, 'the topic was recreated: the new one is read from its beginning');
  } else if (verdict.kind === 'cut') {
    const lost = new Map(verdict.partitions.map((partition) => [partition, entry(ends, partition).high]));
    const partitions = await cutBack(db, { detector, topic }, lost);
    logger.warn(
      { partitions },
      'these partitions have lost the ends of their logs: reading resumes at their present ends',
    );
  } else {
    logger.info({}, 'the topic is unchanged: the detector keeps its position');
  }
}
