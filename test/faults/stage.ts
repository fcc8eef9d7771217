import type { DetectorDefinition } from '@flowline/config';
import { Kafka, logLevel } from 'kafkajs';

import { testKafka } from '../support/kafka.ts';
import { type NativeBroker, startNativeBroker } from '../support/kafka/native-broker.ts';
import { type FaultyPostgres, startFaultyPostgres } from '../support/faulty-postgres.ts';
import type { TestDatabase } from '../support/postgres.ts';
import { applyTestDetector, testDefinition } from '../support/scorer-model.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';
import { Stream } from './stream.ts';

/**
 * A broker and a database that can be killed, each also reachable through a faulty proxy. All rows
 * of a run share them.
 */
export interface Stage {
  /** True for a shorter run: fewer events, briefer faults. */
  readonly quick: boolean;
  readonly broker: NativeBroker;
  readonly postgres: FaultyPostgres;
  readonly kafkaProxy: TcpProxy;
  readonly postgresProxy: TcpProxy;
  /** The suite's own client, which bypasses the proxy. */
  readonly kafka: Kafka;
  /** Creates a migrated database without data. */
  createDatabase(): Promise<TestDatabase>;
  createTopic(topic: string, partitions: number): Promise<void>;
  /**
   * Creates a detector with a topic, an alert topic and a champion, in its own database. It is
   * closed with the stage.
   */
  open(name: string, options?: OpenOptions): Promise<Stream>;
  /** Prints a line of progress. */
  say(line: string): void;
  close(): Promise<void>;
}

export interface OpenOptions {
  readonly partitions?: number;
  /** True if scorers reach broker and database through the proxies. */
  readonly proxied?: boolean;
  /** Rules of alerts (default: every anomaly is an alert of its own). */
  readonly alerts?: Partial<DetectorDefinition['alerts']>;
  /** Control of false alarms (default: a fixed alpha). */
  readonly control?: DetectorDefinition['decision']['control'];
  /** Sinks of the detector besides its alert topic. */
  readonly sinks?: readonly string[];
}

/** Starts the servers and their proxies. */
export async function openStage(options: {
  readonly quick: boolean;
  readonly say: (line: string) => void;
}): Promise<Stage> {
  let kafkaPort = 0;
  let postgresPort = 0;
  const kafkaProxy = await TcpProxy.listen(() => kafkaPort);
  const postgresProxy = await TcpProxy.listen(() => postgresPort);
  const [broker, postgres] = await Promise.all([
    startNativeBroker({ version: '4.1.0', proxyPort: kafkaProxy.port }),
    startFaultyPostgres(),
  ]);
  kafkaPort = broker.proxiedPort ?? 0;
  postgresPort = postgres.port;
  const brokers = [broker.address];
  const kafka = new Kafka({
    brokers,
    clientId: 'faults',
    logLevel: logLevel.NOTHING,
    retry: { retries: 30, maxRetryTime: 1_000 },
  });
  const direct = testKafka(brokers, () => Promise.resolve());
  const streams: Stream[] = [];
  const stage: Stage = {
    ...options,
    broker,
    postgres,
    kafkaProxy,
    postgresProxy,
    kafka,
    createDatabase: () => postgres.createDatabase(),
    createTopic: (topic, partitions) => direct.createTopic(topic, partitions),
    open: async (name, { partitions = 4, proxied = false, alerts = {}, sinks = [], ...options } = {}) => {
      const topic = `${name}-${Date.now()}`;
      const alertTopic = `${topic}.alerts`;
      await direct.createTopic(topic, partitions);
      await direct.createTopic(alertTopic, 1);
      const database = await postgres.createDatabase();
      const definition = testDefinition(name, topic, alertTopic);
      const rules = { ...definition.alerts, ...alerts, sinks: [...definition.alerts.sinks, ...sinks] };
      const { control = definition.decision.control } = options;
      const decision = { ...definition.decision, control };
      await applyTestDetector(database.db, { ...definition, decision, alerts: rules });
      const url = new URL(database.url);
      if (proxied) url.port = String(postgresProxy.port);
      const addresses = {
        FLOWLINE_DATABASE_URL: url.href,
        FLOWLINE_KAFKA_BROKERS: proxied ? `127.0.0.1:${kafkaProxy.port}` : broker.address,
      };
      const stream = new Stream({ kafka, brokers, database, detector: name, topic, alertTopic, partitions, addresses });
      streams.push(stream);
      return stream;
    },
    close: async () => {
      await Promise.all(streams.map((stream) => stream.close()));
      await Promise.all([kafkaProxy.close(), postgresProxy.close()]);
      await Promise.all([broker.stop(), postgres.stop()]);
    },
  };
  return stage;
}
