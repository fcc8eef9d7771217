import { type DetectorDefinition, readDefinition } from '@flowline/config';
import { type Database, getDetector, listDetectors } from '@flowline/db';
import { FlowlineError } from '@flowline/events';
import type { Logger } from '@flowline/telemetry';

import type { Arguments } from './arguments.ts';

/** A detector that reads a topic. */
export interface KafkaDetector {
  readonly definition: DetectorDefinition;
  readonly kafka: NonNullable<DetectorDefinition['source']['kafka']>;
}

/**
 * The definitions in force of the detectors that are asked for; of all where none is named.
 * @throws FlowlineError FLOWLINE_DETECTOR_MISSING, FLOWLINE_CONFIG_INVALID, FLOWLINE_USAGE where a file is to be scored for several.
 */
export async function selectDetectors(
  db: Database,
  { detectors: names, source }: Pick<Arguments, 'detectors' | 'source'>,
): Promise<readonly DetectorDefinition[]> {
  const stored =
    names.length === 0 ? await listDetectors(db) : await Promise.all(names.map((name) => getDetector(db, name)));
  if (stored.length === 0) {
    throw new FlowlineError('FLOWLINE_DETECTOR_MISSING', 'No detector has been applied to this database.', {
      remedy: 'Apply one with `flowline apply <file>`.',
    });
  }
  if (source.kind !== 'kafka' && stored.length !== 1) {
    const known = stored.map(({ name }) => name).join(', ');
    throw new FlowlineError(
      'FLOWLINE_USAGE',
      `A file is scored for one detector; there are ${stored.length}: ${known}.`,
      {
        where: '--detector',
        remedy: 'Name one with --detector.',
      },
    );
  }
  return stored.map(({ name, version, definition }) => readDefinition(definition, `${name}, version ${version}`));
}

/**
 * Those that read a topic; the others score files only, and are left out where they were not asked for by name.
 * @throws FlowlineError FLOWLINE_CONFIG_INVALID where none reads a topic, or one that was named does not.
 */
export function kafkaDetectors(
  definitions: readonly DetectorDefinition[],
  named: readonly string[],
  logger: Logger,
): readonly KafkaDetector[] {
  const reading = definitions.flatMap((definition) => {
    const { kafka } = definition.source;
    return kafka === null ? [] : [{ definition, kafka }];
  });
  const others = definitions.filter(({ source }) => source.kafka === null).map(({ name }) => name);
  if (reading.length === 0 || others.some((name) => named.includes(name))) {
    throw new FlowlineError('FLOWLINE_CONFIG_INVALID', `Without source.kafka no topic is read: ${others.join(', ')}.`, {
      where: 'spec.source.kafka',
      remedy: 'Name the topic under spec.source.kafka and apply the detector again, or use --source ndjson:PATH.',
    });
  }
  if (others.length > 0) logger.info({ detectors: others }, 'left out: these detectors name no topic');
  return reading;
}
