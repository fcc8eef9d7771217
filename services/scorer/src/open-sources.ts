import type { DetectorDefinition, Settings } from '@flowline/config';
import { type Database, readOffset, recordGap, resetOffsets } from '@flowline/db';
import { checkTopics, createKafkaSource, type KafkaClient, type KafkaSource } from '@flowline/kafka';
import { createNdjsonSource, type EventSource } from '@flowline/stream';
import type { Logger, Metrics } from '@flowline/telemetry';

import type { Arguments } from './arguments.ts';
import { ndjsonInput } from './ndjson-input.ts';
import { kafkaDetectors } from './select-detectors.ts';

/** A detector with the source that it reads. */
export interface DetectorSource {
  readonly definition: DetectorDefinition;
  readonly source: EventSource;
  /** Brings the lag gauges up to date; nothing for a source without an end to be behind of. */
  readonly measureLag: () => Promise<void>;
}

export interface SourceParts {
  readonly db: Database;
  readonly settings: Settings;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Connects to Kafka; called only where it is needed. */
  readonly kafka: () => KafkaClient;
}

/**
 * The source of each detector, as the command line asks; topics are checked, all at once.
 * @throws FlowlineError FLOWLINE_BROKER_UNREACHABLE, FLOWLINE_TOPIC_MISSING, FLOWLINE_FILE_UNREADABLE, FLOWLINE_CONFIG_INVALID.
 */
export async function openSources(
  parts: SourceParts,
  args: Arguments,
  definitions: readonly DetectorDefinition[],
): Promise<readonly DetectorSource[]> {
  const { settings } = parts;
  const batch = { maxRows: args.batchSize ?? settings.batch.maxRows, maxWaitMs: settings.batch.maxWaitMs };
  if (args.source.kind === 'ndjson') {
    const input = await ndjsonInput(args.source.path);
    const options = { ...input, ...batch, maxLineBytes: settings.eventMaxBytes };
    return definitions.map((definition) => ({
      definition,
      source: createNdjsonSource(options),
      measureLag: () => Promise.resolve(),
    }));
  }
  const detectors = kafkaDetectors(definitions, args.detectors, parts.logger);
  const client = parts.kafka();
  const alertTopics = args.alerts === 'kafka' ? detectors.map(({ definition }) => definition.alerts.topic) : [];
  await checkTopics(client, [...detectors.map(({ kafka }) => kafka.topic), ...alertTopics]);
  return Promise.all(
    detectors.map(async ({ definition, kafka: { topic, startFrom } }) => {
      const { name } = definition;
      if (args.resetOffsets) {
        const partitions = await resetOffsets(parts.db, name, topic);
        parts.logger.warn({ detector: name, topic, partitions }, 'stored offsets forgotten');
      }
      const offsets = createOffsets(parts, name);
      const source = createKafkaSource({ client, groupId: `flowline.${name}`, topic, startFrom, offsets, ...batch });
      return { definition, source, measureLag: () => measureLag(parts.metrics, name, topic, source) };
    }),
  );
}

function createOffsets({ db, metrics }: SourceParts, detector: string) {
  return {
    read: (topic: string, partition: number) => readOffset(db, detector, topic, partition),
    recordGap: async (topic: string, partition: number, fromOffset: number, toOffset: number) => {
      const isNew = await recordGap(db, { detector, topic, partition, fromOffset, toOffset });
      if (isNew) metrics.recordsLost.inc({ detector, topic }, toOffset - fromOffset);
    },
  };
}

async function measureLag(metrics: Metrics, detector: string, topic: string, source: KafkaSource): Promise<void> {
  for (const { partition, records } of await source.lag()) {
    metrics.consumerLag.set({ detector, topic, partition }, records);
  }
}
