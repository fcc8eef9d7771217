import { cutBack, readStream, restartStream } from '@flowline/db';
import { KafkaAdmin, streamVerdict } from '@flowline/kafka';

import type { ProcessParts } from './process-parts.ts';
import type { KafkaDetector } from './select-detectors.ts';

/** The arguments of a scorer with which one detector goes on after its topic was recreated. */
export const resetArguments = (detector: string): string => `--detector ${detector} --reset-offsets`;

/**
 * Goes on with what topics hold now, of those detectors whose topic was deleted and created again (at the beginning of the new one) or has
 * lost its end (at the end that it has). All others, and all other partitions, stay where they are.
 * @throws FlowlineError FLOWLINE_TOPIC_MISSING, FLOWLINE_BROKER_UNREACHABLE.
 */
export async function resetStreams(
  { db, kafka, logger }: Pick<ProcessParts, 'db' | 'kafka' | 'logger'>,
  detectors: readonly KafkaDetector[],
): Promise<void> {
  const admin = await KafkaAdmin.connect(kafka());
  try {
    for (const { definition, kafka: source } of detectors) {
      const detector = definition.name;
      const { topic } = source;
      const stored = await readStream(db, detector, topic);
      const topicId = await admin.topicId(topic);
      const ends = new Map((await admin.offsets(topic)).map((end) => [end.partition, end]));
      const verdict = streamVerdict(stored, { topicId, ends });
      if (verdict.kind === 'recreated') {
        const partitions = await restartStream(db, { detector, topic, topicId }, [...ends.keys()]);
        logger.warn(
          { detector, topic, partitions },
          'the topic was recreated: its new life is read from the beginning',
        );
      } else if (verdict.kind === 'cut') {
        const lost = new Map(verdict.partitions.map((partition) => [partition, ends.get(partition)?.high ?? 0]));
        const partitions = await cutBack(db, { detector, topic }, lost);
        logger.warn(
          { detector, topic, partitions },
          'these logs have lost their ends: they are read from where they end',
        );
      } else {
        logger.info({ detector, topic }, 'it is the topic that was read before: it stays where it is');
      }
    }
  } finally {
    await admin.close();
  }
}
