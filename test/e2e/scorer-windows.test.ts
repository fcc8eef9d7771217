import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { type DetectorDefinition, entityOf, parseDetector } from '@flowline/config';
import { applyDetector, promote, storeModelVersion } from '@flowline/db';
import { saveBundle, trainDetector } from '@flowline/detector';
import { createRecordReader, EntityWindows, type FeatureTable, sliceTable } from '@flowline/features';
import { Random } from '@flowline/flows';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { checkDelivery, readTopic } from '../support/checker.ts';
import { withJavaClient } from '../support/java-kafka.ts';
import { kafkaVersions, startKafka, type TestKafka } from '../support/kafka.ts';
import { startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
import { RunningScorers } from '../support/running-scorers.ts';
import type { ServiceProcess } from '../support/scorer-process.ts';

const PARTITIONS = 2;
const EVENTS = 6_000;
const [version] = kafkaVersions;

interface Reading {
  readonly sensor: string;
  readonly ts: number;
  readonly level: number;
}

const definitionFor = (name: string, topic: string, startFrom = 'earliest'): DetectorDefinition =>
  parseDetector(
    `apiVersion: flowline/v1
kind: Detector
metadata: { name: ${name} }
spec:
  source: { kafka: { topic: ${topic}, startFrom: ${startFrom} }, time: { field: ts, unit: ms }, key: [sensor] }
  history: { query: "select 1" }
  features:
    - { name: level, type: real }
    - { name: change, type: real, from: { difference: [level, { lag: { of: level } }] } }
    - { name: mean, type: real, from: { rolling: { of: level, statistic: mean, over: 1m } } }
    - { name: busy, type: integer, from: { rolling: { statistic: count, over: 1m } } }
    - { name: recent, type: integer, from: { rolling: { statistic: count, over: 10 } } }
  training: { data: clean }
  decision: { control: { alpha: 0.001 } }
  alerts: { topic: ${topic}.alerts, groupBy: [event], storm: { alerts: 100000 }, sendResolved: false }
  retention: { precision: exact }
`,
    'sensors',
  );

/** Random walks of 40 sensors. Some readings arrive up to half a minute late. */
function readings(count: number, seed: number): Reading[] {
  const random = new Random(seed);
  const levels = new Map<string, number>();
  return Array.from({ length: count }, (_, i) => {
    const sensor = `s${random.integer(40)}`;
    const level = 0.9 * (levels.get(sensor) ?? 0) + random.normal();
    levels.set(sensor, level);
    return { sensor, ts: i * 100 - (random.uniform() < 0.1 ? random.integer(30_000) : 0), level };
  });
}

/**
 * Features of events in their order of arrival. By default the events are the beginning of the
 * stream; null if it began before them.
 */
function featuresOf(
  definition: DetectorDefinition,
  events: readonly object[],
  seenFromMs: number | null = -Infinity,
): FeatureTable {
  const { features: schema } = definition;
  const windows = new EntityWindows({ schema, lookups: {}, entity: entityOf(definition)!, seenFromMs });
  const offsets = Float64Array.from(events, (_, i) => i);
  return createRecordReader(schema, {}).read(events, windows.batch(offsets)).table;
}

async function promoteModel(database: TestDatabase, definition: DetectorDefinition): Promise<void> {
  const { version: detectorVersion } = await applyDetector(database.db, definition);
  const table = featuresOf(definition, readings(6000, 1));
  const part = (start: number, end: number): FeatureTable => sliceTable(table, start, end);
  const { name, features: schema } = definition;
  const { bundle } = await trainDetector(
    {
      ...{ name, schema, lookups: {}, entity: entityOf(definition), family: 'realNVP', seed: 1, members: 1 },
      ...{ data: 'clean', alpha: 0.001, steps: 40 },
    },
    { train: part(0, 3000), validation: part(3000, 3500), calibration: part(3500, 5500), test: part(5500, 6000) },
  );
  const model = { detector: name, detectorVersion, bytes: saveBundle(bundle), alpha: 0.001, manifest: {} };
  const stored = await storeModelVersion(database.db, model);
  await promote(database.db, name, stored.version);
}

withJavaClient(describe, version)('the scorer of a detector with windows', () => {
  let broker: TestKafka;
  let postgres: TestPostgres;
  let database: TestDatabase;
  const scorers = new RunningScorers(() => ({ broker, database }));

  beforeAll(async () => {
    [broker, postgres] = await Promise.all([startKafka({ version }), startPostgres()]);
  }, 180_000);
  afterAll(async () => {
    await Promise.all([broker.stop(), postgres.stop()]);
  }, 60_000);

  async function setUp(name: string, startFrom = 'earliest') {
    const topic = `${name}-${process.pid}-${Date.now()}`;
    await broker.createTopic(topic, PARTITIONS);
    await broker.createTopic(`${topic}.alerts`, 1);
    database = await postgres.createDatabase();
    const definition = definitionFor(name, topic, startFrom);
    await promoteModel(database, definition);
    const start = (args: readonly string[] = []): ServiceProcess =>
      scorers.start(['--source', 'kafka', '--detector', name, ...args]);
    const produce = (events: readonly Reading[], partitionOf?: (event: Reading) => number): Promise<void> =>
      broker.produce(
        topic,
        events.map((event) => ({
          key: event.sensor,
          value: JSON.stringify(event),
          ...(partitionOf === undefined ? {} : { partition: partitionOf(event) }),
        })),
      );
    return { topic, definition, start, produce };
  }

  it('gives the same features and scores after kills in mid-window as without any', async () => {
    const { topic, definition, start, produce } = await setUp('sensors');
    await produce(readings(EVENTS, 2));
    for (const share of [0.15, 0.4, 0.7]) {
      const scorer = start(['--batch-size', '150']);
      await scorers.untilStored(EVENTS * share);
      scorer.child.kill('SIGKILL');
      expect(await scorer.ended).toBe('SIGKILL');
    }
    const survivor = start();
    await scorers.untilStored(EVENTS);
    survivor.child.kill('SIGTERM');
    expect(await survivor.ended).toBe(0);
    await expectFeaturesInOneGo('sensors', topic, definition);
  }, 180_000);

  it('gives the same features and scores where partitions move between two scorers', async () => {
    const { topic, definition, start, produce } = await setUp('moved');
    const events = readings(EVENTS, 4);
    const first = start(['--batch-size', '100']);
    await produce(events.slice(0, 2_000));
    await scorers.untilStored(2_000);
    const second = start(['--batch-size', '100']);
    // Events arrive while the group rebalances. Each scorer ends up with one partition.
    for (let from = 2_000; from < 4_000; from += 100) {
      await produce(events.slice(from, from + 100));
      await sleep(100);
    }
    await scorers.untilStored(4_000);
    await scorers.eventually(() => expect(second.stderr()).toMatch(/"partitions":\[\d\],"msg":"partitions assigned"/));
    await produce(events.slice(4_000, 5_000));
    await scorers.untilStored(5_000);
    second.child.kill('SIGKILL');
    expect(await second.ended).toBe('SIGKILL');
    await produce(events.slice(5_000));
    await scorers.untilStored(EVENTS);
    first.child.kill('SIGTERM');
    expect(await first.ended).toBe(0);
    await expectFeaturesInOneGo('moved', topic, definition);
  }, 180_000);

  /**
   * Checks that everything is stored once, with the features that one pass over its partition
   * computes.
   */
  async function expectFeaturesInOneGo(
    name: string,
    topic: string,
    definition: DetectorDefinition,
    setAside: readonly Reading[] = [],
  ): Promise<void> {
    expect(await checkDelivery(broker.brokers, database, name, topic)).toMatchObject({
      records: EVENTS,
      scored: EVENTS - setAside.length,
      lost: [],
      duplicated: [],
    });
    const aside = new Set(setAside.map((event) => JSON.stringify(event)));
    const records = (await readTopic(broker.brokers, topic)).sort((a, b) => a.offset - b.offset);
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const events = records.flatMap((record) =>
        record.partition === partition && !aside.has(record.value ?? '')
          ? [JSON.parse(record.value ?? '') as Reading]
          : [],
      );
      const { numeric, numericWidth } = featuresOf(definition, events);
      const stored = await database.query(
        'SELECT numeric_values, entity FROM flowline.scored_events WHERE partition = $1 ORDER BY "offset"',
        [partition],
      );
      expect(stored.length).toBe(events.length);
      stored.forEach((row, i) => {
        const expected = [...numeric.subarray(i * numericWidth, (i + 1) * numericWidth)];
        expect(row.numeric_values).toEqual(expected.map((value) => (Number.isNaN(value) ? null : value)));
        expect(row.entity).toBe(events[i]!.sensor);
      });
    }
  }

  it('has no value of windows that began in mid-stream until they have been seen whole, before and after a kill', async () => {
    const { topic, definition, start, produce } = await setUp('midway', 'latest');
    const events = readings(EVENTS, 7);
    const unseen = EVENTS / 2;
    await produce(events.slice(0, unseen));
    const scorer = start(['--batch-size', '100']);
    const begun = 'SELECT partition, next_offset::integer AS next FROM flowline.stream_offsets ORDER BY partition';
    await scorers.eventually(async () => expect(await database.query(begun)).toHaveLength(PARTITIONS));
    const begins = (await database.query(begun)).map(({ next }) => Number(next));
    expect(begins.reduce((a, b) => a + b)).toBe(unseen);
    // A minute of the stream has 600 events, so the kill falls within the windows' first length.
    await produce(events.slice(unseen, unseen + 300));
    await scorers.untilStored(300);
    scorer.child.kill('SIGKILL');
    expect(await scorer.ended).toBe('SIGKILL');
    await produce(events.slice(unseen + 300));
    const heir = start();
    await scorers.untilStored(EVENTS - unseen);
    heir.child.kill('SIGTERM');
    expect(await heir.ended).toBe(0);

    const records = (await readTopic(broker.brokers, topic)).sort((a, b) => a.offset - b.offset);
    const busy = definition.features.findIndex(({ name }) => name === 'busy');
    for (const [partition, begin] of begins.entries()) {
      const read = records.filter((record) => record.partition === partition && record.offset >= begin);
      const seen = read.map(({ value }) => JSON.parse(value ?? '') as Reading);
      const { numeric, numericWidth } = featuresOf(definition, seen, null);
      const stored = await database.query(
        'SELECT numeric_values, event_time FROM flowline.scored_events WHERE partition = $1 ORDER BY "offset"',
        [partition],
      );
      const values = stored.map((row) => row.numeric_values as (number | null)[]);
      const expected = seen.map((_, i) =>
        [...numeric.subarray(i * numericWidth, (i + 1) * numericWidth)].map((value) =>
          Number.isNaN(value) ? null : value,
        ),
      );
      expect(values).toEqual(expected);
      const counts = values.map((row) => row[busy]);
      expect(counts.slice(0, 100)).toEqual(Array<null>(100).fill(null));
      expect(counts.slice(-100).every((count) => typeof count === 'number')).toBe(true);
    }
  }, 180_000);

  it('gives the events of a file the scores that they have on a stream', async () => {
    const { topic, start, produce } = await setUp('filed');
    const events = readings(EVENTS, 5);
    await produce(events);
    start();
    await scorers.untilStored(EVENTS);
    const lines = events.map((event) => JSON.stringify(event));
    const file = path.join(await mkdtemp(path.join(tmpdir(), 'flowline-windows-')), 'events.ndjson');
    await writeFile(file, lines.join('\n'));
    const cli = scorers.startCli(['score', file, '--detector', 'filed', '--json']);
    expect([await cli.ended, cli.stderr()]).toEqual([0, expect.stringContaining(`rows`)]);
    await rm(path.dirname(file), { recursive: true });
    const ofFile = cli
      .stdout()
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { logDensityNats: number }).logDensityNats);

    const stored = await database.query(
      'SELECT partition, "offset"::integer AS offset, log_density_nats FROM flowline.scored_events',
    );
    const densities = new Map(
      stored.map((row) => [`${String(row.partition)}/${String(row.offset)}`, row.log_density_nats]),
    );
    const onStream = new Map<string, unknown>();
    for (const { partition, offset, value } of await readTopic(broker.brokers, topic)) {
      onStream.set(value ?? '', densities.get(`${partition}/${offset}`));
    }
    // Each process chooses its backend by itself, and backends differ in the last digits.
    expect(ofFile).toEqual(lines.map((line) => expect.closeTo(Number(onStream.get(line)), 3)));
    expect(new Set(ofFile).size).toBeGreaterThan(EVENTS / 2);
  }, 180_000);

  it('sets aside the events of an entity that belongs to another partition, and goes on', async () => {
    const { topic, definition, start, produce } = await setUp('scattered');
    await produce(readings(EVENTS / 2, 3));
    const scorer = start(['--batch-size', '100']);
    await scorers.untilStored(EVENTS / 2);
    const [home] = await database.query(`SELECT entity, partition FROM flowline.scored_events LIMIT 1`);
    const stray = { sensor: String(home?.entity), ts: EVENTS * 100, level: 0 };
    await produce([stray], () => 1 - Number(home?.partition));
    await produce(readings(EVENTS / 2, 6).slice(0, EVENTS / 2 - 1));
    await scorers.untilStored(EVENTS - 1);
    scorer.child.kill('SIGTERM');
    expect(await scorer.ended).toBe(0);
    expect(scorer.stderr()).toContain('FLOWLINE_ENTITY_SCATTERED');
    expect(await checkDelivery(broker.brokers, database, 'scattered', topic)).toMatchObject({
      ...{ records: EVENTS, scored: EVENTS - 1, deadLetters: 1, lost: [], duplicated: [] },
    });
    const letters = await database.query('SELECT reason, partition FROM flowline.dead_letters');
    expect(letters).toEqual([{ reason: 'scattered_entity', partition: 1 - Number(home?.partition) }]);
    await expectFeaturesInOneGo('scattered', topic, definition, [stray]);
  }, 120_000);
});
