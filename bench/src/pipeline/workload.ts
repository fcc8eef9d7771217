import { type DetectorDefinition, entityOf, parseDetector } from '@flowline/config';
import { applyDetector, type Database, promote, storeModelVersion } from '@flowline/db';
import { saveBundle, trainDetector } from '@flowline/detector';
import { at } from '@flowline/events';
import { createRecordReader, type FeatureTable, sliceTable } from '@flowline/features';
import { Random } from '@flowline/flows';

/** d of the reference workload. Its flow is the recipe's: 8 couplings of [64, 64]. */
export const FEATURES = 10;
export const PARTITIONS = 4;
const ROWS = { train: 5_000, validation: 500, calibration: 20_000, test: 1_000 };
/** Rows that a training takes. */
export const TRAINING_ROWS = Object.values(ROWS).reduce((sum, rows) => sum + rows, 0);
/** Few steps: the speed of a flow does not depend on the quality of its training. */
const STEPS = 40;
/**
 * One alert per ten thousand events, which at full speed is still several per second. Low enough
 * that the anomalies of a run are those that its shape plants.
 */
export const ALPHA = 1e-4;

/**
 * Number of distinct events, which then repeat: generating their numbers costs a producer more than
 * sending them.
 */
const DIFFERENT_EVENTS = 32_768;

/**
 * Creates a maker of workload events as JSON: an id, an entity, a time and ten correlated numbers;
 * about 250 bytes.
 */
export function eventMaker(seed: number): (index: number, timeMs: number) => string {
  const random = new Random(seed);
  const numbers = Array.from({ length: DIFFERENT_EVENTS }, () => {
    const common = random.normal();
    return Array.from({ length: FEATURES }, (_, j) => `,"x${j}":${(0.6 * common + random.normal()).toFixed(6)}`).join(
      '',
    );
  });
  return (index, timeMs) =>
    `{"id":"event-${index}","entity":"shop-${index % 1000}","ts":${timeMs}${at(numbers, index % DIFFERENT_EVENTS)}}`;
}

/** Detector of the workload, reading a topic. */
function workloadDetector(topic: string): DetectorDefinition {
  const features = Array.from({ length: FEATURES }, (_, j) => `    - { name: x${j}, type: real }`);
  return parseDetector(
    `apiVersion: flowline/v1
kind: Detector
metadata: { name: bench }
spec:
  source: { kafka: { topic: ${topic} }, time: { field: ts, unit: ms }, eventId: id }
  history: { query: "select 1" }
  features:
${features.join('\n')}
  training: { data: clean }
  decision: { control: { alpha: ${ALPHA} } }
  alerts: { topic: ${topic}.alerts }
`,
    'the detector of the benchmark',
  );
}

/** Trains the workload's model. Returns its bytes, which every run stores again. */
export async function trainWorkload(): Promise<Uint8Array> {
  const definition = workloadDetector('bench');
  const event = eventMaker(1);
  const records = Array.from({ length: TRAINING_ROWS }, (_, i): unknown => JSON.parse(event(i, i)));
  return trainOn(definition, createRecordReader(definition.features, {}).read(records).table);
}

/** Trains a detector on {@link TRAINING_ROWS} rows. Returns the model's bytes. */
export async function trainOn(definition: DetectorDefinition, table: FeatureTable): Promise<Uint8Array> {
  let start = 0;
  const next = (rows: number): FeatureTable => sliceTable(table, start, (start += rows));
  const tables = {
    train: next(ROWS.train),
    validation: next(ROWS.validation),
    calibration: next(ROWS.calibration),
    test: next(ROWS.test),
  };
  const { name, features: schema } = definition;
  const spec = { name, schema, lookups: {}, entity: entityOf(definition), alpha: ALPHA, data: 'clean' } as const;
  const { test } = definition.decision;
  const { bundle } = await trainDetector(
    { ...spec, family: 'realNVP', seed: 1, members: 1, steps: STEPS, test },
    tables,
  );
  return saveBundle(bundle);
}

/** Applies the detector for a topic and makes the model its champion. */
export async function promoteWorkload(db: Database, topic: string, bytes: Uint8Array): Promise<void> {
  await promoteModel(db, workloadDetector(topic), bytes);
}

/** Applies a detector and makes the model its champion. */
export async function promoteModel(db: Database, definition: DetectorDefinition, bytes: Uint8Array): Promise<void> {
  const { version: detectorVersion } = await applyDetector(db, definition);
  const model = { detector: definition.name, detectorVersion, bytes, alpha: ALPHA, manifest: {} };
  const { version } = await storeModelVersion(db, model);
  await promote(db, definition.name, version);
}
