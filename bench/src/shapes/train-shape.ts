import { type DetectorDefinition, entityOf, parseDetector } from '@flowline/config';
import type { Database } from '@flowline/db';
import { createRecordReader, EntityWindows, type FeatureTable } from '@flowline/features';

import { ALPHA, promoteModel, TRAINING_ROWS, trainOn } from '../pipeline/workload.ts';
import { eventsOf, type Shape } from './shapes.ts';

/** Trains the detector of a shape on events like those of its run. Returns the model's bytes. */
export async function trainShape(shape: Shape, events: number): Promise<Uint8Array> {
  const definition = definitionOf(shape, 'bench');
  return trainOn(definition, trainingTable(shape, definition, events));
}

/** Applies the detector of a shape for a topic and makes the model its champion. */
export async function promoteShape(db: Database, shape: Shape, topic: string, bytes: Uint8Array): Promise<void> {
  await promoteModel(db, definitionOf(shape, topic), bytes);
}

function definitionOf({ features, key, explainShare }: Shape, topic: string): DetectorDefinition {
  const entity = key === null ? '' : `, key: [${key}]`;
  const share = explainShare === undefined ? '' : `, explainShare: ${explainShare}`;
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
  alerts: { topic: ${topic}.alerts${share} }
`,
    'the detector of the benchmark',
  );
}

/** Features of the training rows, in which each entity is seen as often as in the run. */
function trainingTable(shape: Shape, definition: DetectorDefinition, events: number): FeatureTable {
  const entities = Math.max(1, Math.round((shape.entities * TRAINING_ROWS) / events));
  const event = eventsOf(shape, 1, entities, 0);
  const records = Array.from({ length: TRAINING_ROWS }, (_, i): unknown => JSON.parse(event(i, i)));
  const reader = createRecordReader(definition.features, {});
  const entity = entityOf(definition);
  if (entity === null) return reader.read(records).table;
  const windows = new EntityWindows({ schema: definition.features, lookups: {}, entity });
  const offsets = Float64Array.from(records, (_, i) => i);
  return reader.read(records, windows.batch(offsets, offsets)).table;
}
