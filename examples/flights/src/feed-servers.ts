import { setTimeout as sleep } from 'node:timers/promises';

import { loadDetectorFile, storedDefinition } from '@flowline/config';
import { applyDetector, championVersion, connect, createTableFromCsv, type Database } from '@flowline/db';
import { FlowlineError } from '@flowline/events';
import { createKafkaSink, KafkaAdmin, type KafkaClient } from '@flowline/kafka';
import { sendAll } from '@flowline/stream';

import { demoTables } from './demo-tables.ts';
import { detectorFile, eventLine, prepareFlights } from './prepare-flights.ts';
import type { FlightEvent } from './faults.ts';
import { runForResult } from './run-for-result.ts';

/** Options of {@link feedServers}. */
export interface FeedOptions {
  readonly databaseUrl: string;
  readonly kafka: KafkaClient;
  readonly historyRows: number;
  readonly events: number;
  /** Events per second. */
  readonly rate: number;
  readonly seed: number;
  /** Called with progress messages, one line each. */
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

const PARTITIONS = 3;
const TICKS_PER_SECOND = 4;

/**
 * Sets up running servers like those of the demo: a history, topics, and the flights detector in
 * force with a model. Then produces later flights, some with faults, for running services to score.
 * Whatever exists already is left as it is, so that it can run again.
 * @throws FlowlineError FLOWLINE_BROKER_UNREACHABLE, FLOWLINE_DATABASE_UNREACHABLE,
 * FLOWLINE_CONFIG_INVALID.
 */
export async function feedServers(options: FeedOptions): Promise<void> {
  const { say, signal } = options;
  const definition = await loadDetectorFile(detectorFile);
  const { kafka: source } = definition.source;
  if (source === null) {
    throw new FlowlineError('FLOWLINE_CONFIG_INVALID', "The demo's detector names no topic.", { where: detectorFile });
  }
  const { history, events, airports } = await prepareFlights(options);
  const db = await connect(options.databaseUrl, { applicationName: 'flowline demo', poolSize: 2 });
  try {
    for (const table of demoTables(history, airports)) await createTableFromCsv(db, table);
    await createTopics(options.kafka, [source.topic, definition.alerts.topic]);
    const applied = await applyDetector(db, storedDefinition(definition));
    say(`Detector ${definition.name}, version ${applied.version}, is in force.`);
    await trainUnlessTrained(db, definition.name, options);
  } finally {
    await db.close();
  }
  say(`Producing ${events.length} flights to ${source.topic}, ${options.rate} per second …`);
  await produce(options.kafka, source.topic, events, options);
  say(signal.aborted ? 'Stopped.' : 'All flights have been produced.');
}

async function trainUnlessTrained(db: Database, detector: string, { say, signal }: FeedOptions): Promise<void> {
  if ((await championVersion(db, detector)) !== null) return;
  say('Training …');
  const trained = await runForResult('trainer', ['--once', detector, '--json'], {}, signal);
  say(`Model version ${String(trained.modelVersion)} is trained.`);
}

async function createTopics(client: KafkaClient, topics: readonly string[]): Promise<void> {
  const admin = await KafkaAdmin.connect(client);
  try {
    for (const topic of topics) await admin.createTopic(topic, PARTITIONS);
  } finally {
    await admin.close();
  }
}

async function produce(
  client: KafkaClient,
  topic: string,
  events: readonly FlightEvent[],
  { rate, signal }: FeedOptions,
): Promise<void> {
  const sink = createKafkaSink(client);
  const chunk = Math.max(1, Math.round(rate / TICKS_PER_SECOND));
  try {
    for (let from = 0; from < events.length && !signal.aborted; from += chunk) {
      const records = events.slice(from, from + chunk).map((event) => ({
        messageId: '',
        topic,
        key: event.origin,
        headers: {},
        value: eventLine(event).trimEnd(),
      }));
      await sendAll(sink, records);
      await sleep((1_000 * chunk) / rate, undefined, { signal }).catch(() => undefined);
    }
  } finally {
    await sink.close();
  }
}
