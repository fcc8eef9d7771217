import { isIPv6 } from 'node:net';

import { MAX_SCORING_THREADS, scoringBackends } from '@flowline/events';
import { z } from 'zod';

import { linkKeysText, publicUrlText } from './link-settings.ts';

/** Log levels, least severe first. */
export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

const integer = (least: number, most: number) =>
  z.coerce
    .number({ error: 'expected a whole number' })
    .int('expected a whole number')
    .min(least, `expected at least ${least}`)
    .max(most, `expected at most ${most}`);

/** SASL mechanisms for authentication with Kafka. */
export const saslMechanisms = ['plain', 'scram-sha-256', 'scram-sha-512'] as const;

/** True for `host:port` or `[IPv6 address]:port`. */
function isBroker(text: string): boolean {
  const bracketed = /^\[(.+)\]:\d+$/.exec(text)?.[1];
  return bracketed === undefined ? /^[^\s:[\]]+:\d+$/.test(text) : isIPv6(bracketed);
}

const pem = (what: string) =>
  z.string().regex(/-----BEGIN [A-Z ]+-----/, `expected a ${what} as PEM text, such as file:/etc/flowline/kafka.pem`);

/** Environment variables that Flowline reads, with their defaults. */
export const environment = z.object({
  FLOWLINE_DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\/\S+$/, 'expected postgres://user:password@host:port/database')
    .optional(),
  FLOWLINE_DATABASE_POOL_SIZE: integer(2, 100).default(8),
  FLOWLINE_KAFKA_BROKERS: z
    .string()
    .refine(
      (text) => text.split(',').every((broker) => isBroker(broker.trim())),
      'expected host:port, separated by commas; an IPv6 address stands in brackets, such as [::1]:9092',
    )
    .optional(),
  FLOWLINE_KAFKA_CLIENT_ID: z.string().default('flowline'),
  FLOWLINE_KAFKA_TLS: z.enum(['true', 'false'], { error: 'expected true or false' }).default('false'),
  FLOWLINE_KAFKA_TLS_CA: pem('certificate').optional(),
  FLOWLINE_KAFKA_TLS_CERT: pem('certificate').optional(),
  FLOWLINE_KAFKA_TLS_KEY: pem('private key').optional(),
  FLOWLINE_KAFKA_SASL: z.enum(saslMechanisms, { error: `expected one of ${saslMechanisms.join(', ')}` }).optional(),
  FLOWLINE_KAFKA_USERNAME: z.string().optional(),
  FLOWLINE_KAFKA_PASSWORD: z.string().optional(),
  FLOWLINE_LOG_LEVEL: z.enum(logLevels, { error: `expected one of ${logLevels.join(', ')}` }).default('info'),
  FLOWLINE_HTTP_PORT: integer(0, 65_535)
    .transform((port) => (port === 0 ? null : port))
    .default(null),
  FLOWLINE_HTTP_HOST: z
    .string()
    .regex(/^\S+$/, 'expected an address or a host name, such as 127.0.0.1, or 0.0.0.0 for every interface')
    .default('127.0.0.1'),
  FLOWLINE_PUBLIC_URL: publicUrlText.optional(),
  FLOWLINE_LINK_KEY: linkKeysText.optional(),
  FLOWLINE_BACKEND: z.enum(['wasm', 'cpu'], { error: 'expected wasm or cpu' }).default('wasm'),
  FLOWLINE_SCORING_BACKEND: z
    .enum(['auto', ...scoringBackends], { error: `expected auto or one of ${scoringBackends.join(', ')}` })
    .optional(),
  FLOWLINE_SCORING_THREADS: integer(1, MAX_SCORING_THREADS).optional(),
  FLOWLINE_CACHE_DIR: z.string().optional(),
  FLOWLINE_BATCH_MAX_ROWS: integer(1, 50_000).default(5_000),
  FLOWLINE_BATCH_MAX_WAIT_MS: integer(0, 60_000).default(25),
  FLOWLINE_EVENT_MAX_BYTES: integer(1, 100_000_000).default(1_000_000),
  FLOWLINE_WINDOWS_MAX_BYTES: integer(16_000_000, 1_000_000_000_000).default(512_000_000),
  FLOWLINE_CONSUMER_STALL_MS: integer(1_000, 3_600_000).default(60_000),
  FLOWLINE_SHUTDOWN_TIMEOUT_MS: integer(0, 3_600_000).default(20_000),
});

/** Names of the environment variables that Flowline reads. */
export const settingNames: readonly string[] = Object.keys(environment.shape);

/** Variables that may hold a password or a key. Messages never quote their values. */
export const SECRET_VARIABLES: ReadonlySet<string> = new Set([
  'FLOWLINE_DATABASE_URL',
  'FLOWLINE_KAFKA_USERNAME',
  'FLOWLINE_KAFKA_PASSWORD',
  'FLOWLINE_KAFKA_TLS_CA',
  'FLOWLINE_KAFKA_TLS_CERT',
  'FLOWLINE_KAFKA_TLS_KEY',
  'FLOWLINE_LINK_KEY',
]);

/** Values of the environment variables. */
export type EnvironmentValues = z.infer<typeof environment>;
