import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import type { describe } from '@jest/globals';
import { type Admin, Kafka, logLevel } from 'kafkajs';

import { kafkaJars } from './kafka/jars.ts';

/** The versions of Apache Kafka that the tests run on. */
export const kafkaVersions = ['3.9.1', '4.1.0'] as const;
export type KafkaVersion = (typeof kafkaVersions)[number];
const DEFAULT_VERSION: KafkaVersion = '4.1.0';
const START_TIMEOUT_MS = 60_000;
const conf = fileURLToPath(new URL('./kafka/', import.meta.url));

/** A broker for tests. */
export interface TestKafka {
  /** `host:port` of each bootstrap broker. */
  readonly brokers: readonly string[];
  /** A client of its own for the test, apart from the product's. */
  readonly kafka: Kafka;
  createTopic(topic: string, partitions: number): Promise<void>;
  stop(): Promise<void>;
}

/** Why no broker can be had here (no Java, no Maven, no network); null where one can. */
export function kafkaUnavailable(version: KafkaVersion = DEFAULT_VERSION): string | null {
  if (externalBrokers() !== undefined) return null;
  const jars = kafkaJars(version);
  return 'reason' in jars ? jars.reason : null;
}

/** `describe` as it is for tests that need a broker: where none can be had they skip with the reason, but in CI they run and fail. */
export function withKafka(
  block: typeof describe,
  version: KafkaVersion = DEFAULT_VERSION,
): typeof describe | typeof describe.skip {
  const reason = kafkaUnavailable(version);
  if (reason === null || process.env.CI === 'true') return block;
  console.warn(`tests are skipped, no Kafka ${version}: ${reason}`);
  return block.skip;
}

/**
 * A single-node Apache Kafka on free loopback ports, of this test alone; ended by `stop`, and by itself when this process ends.
 * With FLOWLINE_TEST_KAFKA_BROKERS (host:port, …) that cluster is used instead.
 */
export async function startKafka(options: { readonly version?: KafkaVersion } = {}): Promise<TestKafka> {
  const external = externalBrokers();
  if (external !== undefined) return testKafka(external, () => Promise.resolve());
  const jars = kafkaJars(options.version ?? DEFAULT_VERSION);
  if ('reason' in jars) throw new Error(`no Kafka broker: ${jars.reason}`);

  const folder = mkdtempSync(path.join(tmpdir(), 'flowline-kafka-'));
  const [port, controllerPort] = await freePorts();
  const properties = path.join(folder, 'server.properties');
  const log = path.join(folder, 'broker.log');
  writeFileSync(properties, serverProperties(path.join(folder, 'data'), port, controllerPort));
  const classpath = ['-cp', `${jars.folder}/*:${conf}`];
  const format = spawnSync(
    'java',
    [
      ...['-XX:TieredStopAtLevel=1', ...classpath, 'kafka.tools.StorageTool'],
      ...['format', '-t', clusterId(), '-c', properties],
    ],
    { encoding: 'utf8' },
  );
  if (format.status !== 0) throw new Error(`the storage could not be formatted: ${format.stdout}${format.stderr}`);

  const broker = spawnBroker([...classpath, 'kafka.Kafka', properties], log);
  const stop = async (): Promise<void> => {
    const ended = new Promise((resolve) => broker.once('exit', resolve));
    if (broker.exitCode === null && broker.signalCode === null) {
      broker.stdin?.end();
      await ended;
    }
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  const started = testKafka([`127.0.0.1:${port}`], stop);
  try {
    await answers(started.kafka, broker);
    return started;
  } catch (error) {
    const said = readFileSync(log, 'utf8').split('\n').slice(-30).join('\n');
    await stop();
    throw new Error(`the broker did not start:\n${said}`, { cause: error });
  }
}

function testKafka(brokers: readonly string[], stop: () => Promise<void>): TestKafka {
  const kafka = new Kafka({ brokers: [...brokers], clientId: 'test', logLevel: logLevel.NOTHING });
  return {
    brokers,
    kafka,
    stop,
    createTopic: async (topic, partitions) => {
      const admin = kafka.admin();
      await admin.connect();
      try {
        await admin.createTopics({ topics: [{ topic, numPartitions: partitions }], waitForLeaders: false });
        await untilLed(admin, topic, partitions);
      } finally {
        await admin.disconnect();
      }
    },
  };
}

/** A new topic is known to the broker only a moment after it was created. */
async function untilLed(admin: Admin, topic: string, partitions: number): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    try {
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
      const found = topics[0]?.partitions ?? [];
      if (found.length === partitions && found.every(({ leader }) => leader >= 0)) return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
    await sleep(50);
  }
}

/** The shell ends the broker as soon as its standard input closes: when asked to, or when this process is killed. */
function spawnBroker(args: readonly string[], log: string): ChildProcess {
  const script =
    'java -Xms128m -Xmx512m -XX:TieredStopAtLevel=1 "$@" & broker=$!; cat > /dev/null; kill -9 $broker; wait';
  const output = openSync(log, 'a');
  return spawn('sh', ['-c', script, 'kafka', ...args], { stdio: ['pipe', output, output] });
}

async function answers(kafka: Kafka, broker: ChildProcess): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    const admin = kafka.admin({ retry: { retries: 0 } });
    try {
      await admin.connect();
      await admin.describeCluster();
      return;
    } catch (error) {
      if (Date.now() > deadline || broker.exitCode !== null) throw error;
      await sleep(100);
    } finally {
      await admin.disconnect();
    }
  }
}

function serverProperties(data: string, port: number, controllerPort: number): string {
  return `process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:${controllerPort}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}
advertised.listeners=PLAINTEXT://127.0.0.1:${port}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
log.dirs=${data}
num.partitions=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=false
`;
}

/** Kafka's cluster ids are 16 bytes in URL-safe base64; one that begins with a hyphen would read as an option. */
function clusterId(): string {
  const id = Buffer.from(randomUUID().replaceAll('-', ''), 'hex').toString('base64url');
  return id.startsWith('-') ? clusterId() : id;
}

/** Two ports that were free together a moment ago. */
async function freePorts(): Promise<[number, number]> {
  const servers = [createServer(), createServer()];
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve, reject) => {
          server.once('error', reject);
          server.listen(0, '127.0.0.1', () => {
            const address = server.address();
            resolve(typeof address === 'object' && address !== null ? address.port : 0);
          });
        }),
    ),
  );
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return [ports[0] ?? 0, ports[1] ?? 0];
}

function externalBrokers(): string[] | undefined {
  const written = process.env.FLOWLINE_TEST_KAFKA_BROKERS;
  return written === undefined || written === '' ? undefined : written.split(',').map((broker) => broker.trim());
}
