import { type DetectorDefinition, parseDetector, readDefinition } from '@flowline/config';
import { applyDetector, type Database, getDetector, promote, storeModelVersion } from '@flowline/db';
import { bundleSha256, saveBundle, trainDetector } from '@flowline/detector';
import { createRecordReader, type FeatureTable, sliceTable } from '@flowline/features';
import { Random } from '@flowline/flows';

/** A test event: two correlated numbers, a level, an id and a time. */
export interface TestEvent {
  readonly id: string;
  readonly ts: number;
  readonly latency: number;
  readonly amount: number | null;
  readonly method: string;
}

/** A detector file for tests, reading a topic. */
export const testDetectorYaml = (
  name: string,
  topic: string,
  alertTopic = `${topic}.alerts`,
): string => `apiVersion: flowline/v1
kind: Detector
metadata: { name: ${name} }
spec:
  source: { kafka: { topic: ${topic} }, time: { field: ts, unit: ms }, eventId: id }
  history: { query: "select 1" }
  features:
    - { name: latency, type: positive }
    - { name: amount, type: real }
    - { name: method, type: categorical }
  missing: { nullable: [amount] }
  training: { data: clean }
  decision: { control: { alpha: 0.001 } }
  alerts: { topic: ${alertTopic}, groupBy: [event], storm: { alerts: 100000 }, sendResolved: false }
  retention: { precision: exact }
`;

/** Definition of {@link testDetectorYaml}. */
export const testDefinition = (name: string, topic: string, alertTopic = `${topic}.alerts`): DetectorDefinition =>
  parseDetector(testDetectorYaml(name, topic, alertTopic), 'test detector');

/**
 * Normal events: the latency is log-normal around a base that depends on the method, and the amount
 * is correlated with it.
 */
export function testEvents(count: number, seed: number): TestEvent[] {
  const random = new Random(seed);
  return Array.from({ length: count }, (_, i) => {
    const method = random.uniform() < 0.7 ? 'card' : 'cash';
    const z = random.normal();
    return {
      id: `e${seed}-${i}`,
      ts: Date.UTC(2026, 0, 1) + i * 1000,
      latency: Math.exp((method === 'card' ? 4 : 3) + 0.4 * z),
      amount: random.uniform() < 0.1 ? null : 10 + 3 * z + random.normal(),
      method,
    };
  });
}

/** An event that is an anomaly to any model of {@link testEvents}. */
export function oddEvent(id: string): TestEvent {
  return { id, ts: Date.UTC(2026, 0, 2), latency: 1e6, amount: -500, method: 'card' };
}

const trained = new Map<number, Promise<Uint8Array>>();

/**
 * Applies the detector and makes a small model its champion. Models are trained once per test file
 * and seed. Returns the model's version.
 */
export async function applyTestDetector(
  db: Database,
  definition: DetectorDefinition,
  seed = 1,
): Promise<{ version: number; sha256: string }> {
  await applyDetector(db, definition);
  const stored = await storeTestModel(db, definition, seed);
  await promote(db, definition.name, stored.version);
  return stored;
}

/**
 * Stores a small model for the definition in force of an applied detector, without promoting it.
 */
export async function storeTestModel(
  db: Database,
  definition: DetectorDefinition,
  seed: number,
): Promise<{ version: number; sha256: string }> {
  const { version: detectorVersion, definition: inForce } = await getDetector(db, definition.name);
  const { control } = readDefinition(inForce, definition.name).decision;
  const training = trained.get(seed) ?? trainTestModel(definition, seed);
  trained.set(seed, training);
  const bytes = await training;
  const { version, sha256 } = await storeModelVersion(db, {
    detector: definition.name,
    detectorVersion,
    bytes,
    alpha: 'alpha' in control ? control.alpha : 0.001,
    manifest: {},
  });
  if (sha256 !== bundleSha256(bytes)) throw new Error('the stored model has another checksum');
  return { version, sha256 };
}

async function trainTestModel(definition: DetectorDefinition, seed: number): Promise<Uint8Array> {
  const { table } = createRecordReader(definition.features, {}).read(testEvents(6000, 1));
  const part = (start: number, end: number): FeatureTable => sliceTable(table, start, end);
  const { bundle } = await trainDetector(
    {
      name: definition.name,
      schema: definition.features,
      lookups: {},
      family: 'realNVP',
      seed,
      members: 1,
      data: 'clean',
      alpha: 0.001,
      steps: 60,
    },
    { train: part(0, 3000), validation: part(3000, 3500), calibration: part(3500, 5500), test: part(5500, 6000) },
  );
  return saveBundle(bundle);
}
