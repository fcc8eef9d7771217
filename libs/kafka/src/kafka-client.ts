import type { ConnectionOptions } from 'node:tls';

import { Kafka, type KafkaConfig, type LogEntry, logLevel, type SASLOptions } from 'kafkajs';

import { installCodecs } from './codecs.ts';
import { seedBroker } from './ipv6-literal.ts';
import { decodeFetchesHere } from './own-fetches.ts';
import { quietRequestQueues } from './quiet-request-queues.ts';
import { WatchedSockets } from './watched-sockets.ts';

/** Structured logger for the events of this package. */
export interface KafkaLog {
  debug(fields: Readonly<Record<string, unknown>>, message: string): void;
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
  error(fields: Readonly<Record<string, unknown>>, message: string): void;
}

export interface KafkaClientOptions {
  /** Bootstrap brokers as `host:port`; an IPv6 address is in brackets. */
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly log: KafkaLog;
  /**
   * TLS encryption with verification of the broker's certificate. PEM texts; ca null means the
   * certificate authorities that Node trusts.
   */
  readonly tls?: { readonly ca: string | null; readonly cert: string | null; readonly key: string | null } | null;
  /** Credentials of this client. */
  readonly sasl?: {
    readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
    readonly username: string;
    readonly password: string;
  } | null;
}

/** Client of one Kafka cluster, which connects on first use. */
export interface KafkaClient {
  readonly brokers: readonly string[];
  readonly log: KafkaLog;
  /** Client for reading and writing. */
  readonly kafka: Kafka;
  /** Client for requests that a broker answers at once: a silent connection is dropped sooner. */
  readonly asking: Kafka;
}

const CONNECTION_TIMEOUT_MS = 5_000;
/**
 * Maximum time for a broker to answer a request of `asking`. Requests that depend on others, such
 * as joining a group, may take longer and do not use it.
 */
const ANSWER_MS = 10_000;
/** Attempts of a client per call, about 15 s in all; the caller decides what happens then. */
const RETRY = { initialRetryTime: 200, maxRetryTime: 5_000, retries: 6 };

/** Creates a client of the brokers, with all codecs of this package. */
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

/**
 * Forwards log entries of kafkajs: errors as warnings, because most are retried and the last one is
 * thrown; all other levels as debug entries.
 */
function forward({ level, namespace, log: { message, ...fields } }: LogEntry, log: KafkaLog): void {
  const { timestamp: _timestamp, logger: _logger, stack: _stack, ...rest } = fields;
  const line = `kafkajs ${namespace}: ${message}`;
  if (level === logLevel.ERROR) log.warn(rest, line);
  else log.debug(rest, line);
}
