import { type DetectorDefinition, readDefinition } from '@flowline/config';
import { type Database, getDetector, listDetectors, type StoredDetector } from '@flowline/db';
import { FlowlineError } from '@flowline/events';
import type { Logger } from '@flowline/telemetry';

/** A detector that reads a topic. */
export interface KafkaDetector {
  readonly definition: DetectorDefinition;
  readonly version: number;
  readonly kafka: NonNullable<DetectorDefinition['source']['kafka']>;
}

/**
 * Definition in force of the detector that a file is scored for: the named one, or the only one
 * there is.
 * @throws FlowlineError FLOWLINE_DETECTOR_MISSING, FLOWLINE_CONFIG_INVALID, or FLOWLINE_USAGE if
 * several detectors qualify.
 */
export async function fileDetector(db: Database, names: readonly string[]): Promise<DetectorDefinition> {
  const stored = names.length === 0 ? await listDetectors(db) : await namedDetectors(db, names);
  const [one] = stored;
  if (one === undefined) {
    throw new FlowlineError('FLOWLINE_DETECTOR_MISSING', 'No detector has been applied to this database.', {
      remedy: 'Apply one with `flowline apply <file>`.',
    });
  }
  if (stored.length > 1) {
    const known = stored.map(({ name }) => name).join(', ');
    const message = `A file is scored for one detector; there are ${stored.length}: ${known}.`;
    throw new FlowlineError('FLOWLINE_USAGE', message, {
      where: '--detector',
      remedy: 'Name one with --detector.',
    });
  }
  return definitionOf(one);
}

/**
 * Checks at start that every named detector can be scored from a topic or, without names, that one
 * of the detectors can. There may be none yet: later ones are followed. Resolves to the definitions
 * of those that can.
 * @throws FlowlineError FLOWLINE_DETECTOR_MISSING, or FLOWLINE_CONFIG_INVALID if none reads a
 * topic, or a named one does not.
 */
export async function checkKafkaDetectors(
  db: Database,
  named: readonly string[],
  logger: Logger,
): Promise<readonly KafkaDetector[]> {
  const stored = named.length === 0 ? await listDetectors(db) : await namedDetectors(db, named);
  const readable = named.length > 0 ? stored : stored.filter((detector) => isReadable(detector, logger));
  const definitions = readable.map((detector) => ({ definition: definitionOf(detector), version: detector.version }));
  const reading = definitions.flatMap(({ definition, version }) => {
    const { kafka } = definition.source;
    return kafka === null ? [] : [{ definition, version, kafka }];
  });
  const others = definitions.flatMap(({ definition: { name, source } }) => (source.kafka === null ? [name] : []));
  if (others.length > 0 && (reading.length === 0 || named.length > 0)) {
    throw new FlowlineError('FLOWLINE_CONFIG_INVALID', `Without source.kafka no topic is read: ${others.join(', ')}.`, {
      where: 'spec.source.kafka',
      remedy: 'Name the topic under spec.source.kafka and apply the detector again, or use --source ndjson:PATH.',
    });
  }
  if (others.length > 0) logger.info({ detectors: others }, 'skipped: these detectors name no topic');
  return reading;
}

function isReadable(detector: StoredDetector, logger: Logger): boolean {
  try {
    definitionOf(detector);
    return true;
  } catch (err) {
    logger.error({ detector: detector.name, err }, 'skipped: the definition cannot be read');
    return false;
  }
}

/**
 * Stored detectors that should be scored from a topic now. One whose definition cannot be read is
 * among them and fails when it starts.
 */
export function kafkaDetectors(stored: readonly StoredDetector[], named: readonly string[]): StoredDetector[] {
  return stored.filter((detector) => {
    if (named.length > 0 && !named.includes(detector.name)) return false;
    try {
      return definitionOf(detector).source.kafka !== null;
    } catch {
      return true;
    }
  });
}

/**
 * Definition of a stored detector.
 * @throws FlowlineError FLOWLINE_CONFIG_INVALID.
 */
export function definitionOf({ name, version, definition }: StoredDetector): DetectorDefinition {
  return readDefinition(definition, `${name}, version ${version}`);
}

function namedDetectors(db: Database, names: readonly string[]): Promise<StoredDetector[]> {
  return Promise.all(names.map((name) => getDetector(db, name)));
}
