import { type DetectorDefinition, entityOf, parseDetector } from '@flowline/config';
import { applyDetector, type Database, promote, storeModelVersion } from '@flowline/db';
import { saveBundle, trainDetector } from '@flowline/detector';
import { createRecordReader, EntityWindows, type FeatureTable, sliceTable } from '@flowline/features';

import { eventsOf, type Shape } from './shapes.ts';

const ROWS = { train: 5_000, validation: 500, calibration: 20_000, test: 1_000 };
const TOTAL = Object.values(ROWS).reduce((sum, rows) => sum + rows, 0);
/** Few steps: the speed of a flow does not depend on the quality of its training. */
const STEPS = 40;
/** Low enough that the anomalies of a run are those that its shape plants. */
const ALPHA = 1e-4;

/** Trains the detector of a shape on events like those of its run. Returns the model's bytes. */
export async function trainShape(shape: Shape, events: number): Promise<Uint8Array> {
  const definition = definitionOf(shape, 'bench');
  const table = trainingTable(shape, definition, events);
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
  const { bundle } = await trainDetector({ ...spec, family: 'realNVP', seed: 1, members: 1, steps: STEPS }, tables);
  return saveBundle(bundle);
}

/** Applies the detector of a shape for a topic and makes the model its champion. */
export async function promoteShape(db: Database, shape: Shape, topic: string, bytes: Uint8Array): Promise<void> {
  const definition = definitionOf(shape, topic);
  const { version: detectorVersion } = await applyDetector(db, definition);
  const model = { detector: definition.name, detectorVersion, bytes, alpha: ALPHA, manifest: {} };
  const { version } = await storeModelVersion(db, model);
  await promote(db, definition.name, version);
}

function definitionOf({ features, key }: Shape, topic: string): DetectorDefinition {
  const entity = key === null ? '' : `, key: [${key}]`;
  return parseDetector(
    `apiVersion: flowline/v1
kind: Detector
metadata: { name: bench }
spec:
  source: { kafka: { topic: ${topic} }, time: { field: ts, unit: ms }, eventId: id${entity} }
  history: { query: "select 1" }
  features:
${features.map((feature) => `    - ${feature}`).join('\n')}
  training: { data: clean }
  decision: { control: { alpha: ${ALPHA} } }
  alerts: { topic: ${topic}.alerts }
`,
    'the detector of the benchmark',
  );
}

/** Features of the training rows, in which each entity is seen as often as in the run. */
function trainingTable(shape: Shape, definition: DetectorDefinition, events: number): FeatureTable {
  const entities = Math.max(1, Math.round((shape.entities * TOTAL) / events));
  const event = eventsOf(shape, 1, entities, 0);
  const records = Array.from({ length: TOTAL }, (_, i): unknown => JSON.parse(event(i, i)));
  const reader = createRecordReader(definition.features, {});
  const entity = entityOf(definition);
  if (entity === null) return reader.read(records).table;
  const windows = new EntityWindows({ schema: definition.features, lookups: {}, entity });
  const offsets = Float64Array.from(records, (_, i) => i);
  return reader.read(records, windows.batch(offsets, offsets)).table;
}
