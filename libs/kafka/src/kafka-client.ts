import type { ConnectionOptions } from 'node:tls';

import { Kafka, type KafkaConfig, type LogEntry, logLevel, type SASLOptions } from 'kafkajs';

import { installCodecs } from './codecs.ts';
import { seedBroker } from './ipv6-literal.ts';
import { decodeFetchesHere } from './own-fetches.ts';
import { quietRequestQueues } from './quiet-request-queues.ts';
import { WatchedSockets } from './watched-sockets.ts';

/** Where this package says what happens: the shape of a structured logger. */
export interface KafkaLog {
  debug(fields: Readonly<Record<string, unknown>>, message: string): void;
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
  error(fields: Readonly<Record<string, unknown>>, message: string): void;
}

export interface KafkaClientOptions {
  /** `host:port` of each bootstrap broker; an IPv6 address in brackets. */
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly log: KafkaLog;
  /** Encrypts, and checks that the broker is who it says; PEM texts, ca null for the authorities that Node knows. */
  readonly tls?: { readonly ca: string | null; readonly cert: string | null; readonly key: string | null } | null;
  /** Proves who this client is. */
  readonly sasl?: {
    readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
    readonly username: string;
    readonly password: string;
  } | null;
}

/** A way to reach one Kafka cluster; connects only when something uses it. */
export interface KafkaClient {
  readonly brokers: readonly string[];
  readonly log: KafkaLog;
  /** Reads and writes. */
  readonly kafka: Kafka;
  /** Asks questions, which a broker answers at once: a connection that is silent is given up sooner. */
  readonly asking: Kafka;
}

const CONNECTION_TIMEOUT_MS = 5_000;
/** How long a broker may think about a question; one that waits for others, as in joining a group, may take longer. */
const ANSWER_MS = 10_000;
/** A client gives up on one call after these attempts (about 15 s); whoever called decides what then. */
const RETRY = { initialRetryTime: 200, maxRetryTime: 5_000, retries: 6 };

/** A client of the brokers, with every codec this package knows. */
export function createKafkaClient({
  brokers,
  clientId,
  log,
  tls = null,
  sasl = null,
}: KafkaClientOptions): KafkaClient {
  installCodecs();
  quietRequestQueues();
  decodeFetchesHere();
  const common: KafkaConfig = {
    brokers: brokers.map(seedBroker),
    clientId,
    ...(tls === null ? {} : { ssl: tlsOptions(tls) }),
    ...(sasl === null ? {} : { sasl: { ...sasl } as SASLOptions }),
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    retry: RETRY,
    logLevel: logLevel.INFO,
    logCreator: () => (entry) => forward(entry, log),
  };
  const sockets = new WatchedSockets();
  return {
    brokers,
    log,
    kafka: new Kafka({ ...common, socketFactory: sockets.factory() }),
    asking: new Kafka({ ...common, requestTimeout: ANSWER_MS, socketFactory: sockets.factory(ANSWER_MS) }),
  };
}

function tlsOptions({ ca, cert, key }: NonNullable<KafkaClientOptions['tls']>): ConnectionOptions {
  return { ...(ca === null ? {} : { ca: [ca] }), ...(cert === null || key === null ? {} : { cert, key }) };
}

/** kafkajs tells people what matters to them in warnings; its errors are mostly retried, and the last one is thrown. */
function forward({ level, namespace, log: { message, ...fields } }: LogEntry, log: KafkaLog): void {
  const { timestamp: _timestamp, logger: _logger, stack: _stack, ...rest } = fields;
  const line = `kafkajs ${namespace}: ${message}`;
  if (level === logLevel.ERROR) log.warn(rest, line);
  else log.debug(rest, line);
}
