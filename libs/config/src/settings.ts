import { isIPv6 } from 'node:net';

import { FlowlineError, MAX_SCORING_THREADS, quoteText, type ScoringBackend, scoringBackends } from '@flowline/events';
import { z } from 'zod';

import { defaultCacheFolder } from './cache-folder.ts';
import { configInvalid, type Finding } from './finding.ts';
import { type Environment, isReference, resolveSecret } from './secret.ts';

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

/** Maximum length of a value quoted in a message. */
const QUOTED_CHARACTERS = 60;

/** Environment variables that Flowline reads, with their defaults. */
const environment = z.object({
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
const SECRET_VARIABLES: ReadonlySet<string> = new Set([
  'FLOWLINE_DATABASE_URL',
  'FLOWLINE_KAFKA_USERNAME',
  'FLOWLINE_KAFKA_PASSWORD',
  'FLOWLINE_KAFKA_TLS_CA',
  'FLOWLINE_KAFKA_TLS_CERT',
  'FLOWLINE_KAFKA_TLS_KEY',
]);

/** Settings of a Flowline process, from its environment. */
export interface Settings {
  /** url: null if not set. */
  readonly database: { readonly url: string | null; readonly poolSize: number };
  /** brokers: null if not set. */
  readonly kafka: {
    readonly brokers: readonly string[] | null;
    readonly clientId: string;
    /** PEM texts. tls null: no encryption; ca null: the certificate authorities built into Node. */
    readonly tls: { readonly ca: string | null; readonly cert: string | null; readonly key: string | null } | null;
    readonly sasl: {
      readonly mechanism: (typeof saslMechanisms)[number];
      readonly username: string;
      readonly password: string;
    } | null;
  };
  readonly logLevel: (typeof logLevels)[number];
  /**
   * Address of the health and metrics server; null (port 0, or none) for no server. Loopback unless
   * a host is set.
   */
  readonly http: { readonly host: string; readonly port: number } | null;
  /** Tensor backend for training. */
  readonly backend: 'wasm' | 'cpu';
  /**
   * Scoring backend and threads of this process, overriding every detector's. Null: the detector
   * decides.
   */
  readonly scoring: { readonly backend: ScoringBackend | 'auto' | null; readonly threads: number | null };
  /** Folder for files that can be regenerated. */
  readonly cacheFolder: string;
  readonly batch: { readonly maxRows: number; readonly maxWaitMs: number };
  /** Maximum size of a record. A larger one becomes a dead letter. */
  readonly eventMaxBytes: number;
  /**
   * Estimated maximum memory of all windows in a process, over all detectors and partitions. A
   * snapshot temporarily needs more.
   */
  readonly windowsMaxBytes: number;
  /**
   * Maximum time for which a partition with waiting records may make no progress. After it, the
   * consumer is reopened.
   */
  readonly consumerStallMs: number;
  /**
   * Maximum time for work in progress after a signal. Then the process exits, and anything not
   * stored is repeated later.
   */
  readonly shutdownTimeoutMs: number;
}

/**
 * Loads the settings. A value may be a reference, `env:NAME` or `file:/path`. An empty variable
 * counts as absent.
 * @throws FlowlineError FLOWLINE_CONFIG_INVALID with every finding at once; it never quotes a
 *   secret.
 */
export function loadSettings(env: Environment = process.env): Settings {
  const findings: Finding[] = [];
  const values: Record<string, string> = {};
  for (const name of settingNames) {
    const written = env[name];
    if (written === undefined || written === '') continue;
    try {
      values[name] = resolveSecret({ name, written, isSecret: SECRET_VARIABLES.has(name) }, env);
    } catch (error) {
      if (!(error instanceof FlowlineError)) throw error;
      findings.push({ path: name, finding: error.message, remedy: error.remedy ?? 'correct the reference' });
    }
  }
  const checked = environment.safeParse(values);
  for (const issue of checked.error?.issues ?? []) {
    const name = String(issue.path[0]);
    findings.push({ path: name, finding: foundAt(name, env[name] ?? ''), remedy: issue.message });
  }
  findings.push(...(checked.success ? kafkaFindings(checked.data) : []));
  if (!checked.success || findings.length > 0) throw configInvalid('The environment', 'the environment', findings);
  const found = checked.data;
  return {
    database: { url: found.FLOWLINE_DATABASE_URL ?? null, poolSize: found.FLOWLINE_DATABASE_POOL_SIZE },
    kafka: {
      brokers: found.FLOWLINE_KAFKA_BROKERS?.split(',').map((broker) => broker.trim()) ?? null,
      clientId: found.FLOWLINE_KAFKA_CLIENT_ID,
      tls: tlsOf(found),
      sasl: saslOf(found),
    },
    logLevel: found.FLOWLINE_LOG_LEVEL,
    http: found.FLOWLINE_HTTP_PORT === null ? null : { host: found.FLOWLINE_HTTP_HOST, port: found.FLOWLINE_HTTP_PORT },
    backend: found.FLOWLINE_BACKEND,
    scoring: {
      backend: found.FLOWLINE_SCORING_BACKEND ?? null,
      threads: found.FLOWLINE_SCORING_THREADS ?? null,
    },
    cacheFolder: found.FLOWLINE_CACHE_DIR ?? defaultCacheFolder(env),
    batch: { maxRows: found.FLOWLINE_BATCH_MAX_ROWS, maxWaitMs: found.FLOWLINE_BATCH_MAX_WAIT_MS },
    eventMaxBytes: found.FLOWLINE_EVENT_MAX_BYTES,
    windowsMaxBytes: found.FLOWLINE_WINDOWS_MAX_BYTES,
    consumerStallMs: found.FLOWLINE_CONSUMER_STALL_MS,
    shutdownTimeoutMs: found.FLOWLINE_SHUTDOWN_TIMEOUT_MS,
  };
}

/**
 * Describes a variable's value for a finding, without quoting secrets, the targets of references,
 * or logins.
 */
function foundAt(name: string, written: string): string {
  if (isReference(written)) return 'what it refers to is another kind of value';
  if (SECRET_VARIABLES.has(name) || written.includes('@')) return 'found another kind of value';
  return `found ${quoteText(written, QUOTED_CHARACTERS)}`;
}

type Found = z.infer<typeof environment>;

function tlsOf(found: Found): Settings['kafka']['tls'] {
  if (found.FLOWLINE_KAFKA_TLS === 'false') return null;
  return {
    ca: found.FLOWLINE_KAFKA_TLS_CA ?? null,
    cert: found.FLOWLINE_KAFKA_TLS_CERT ?? null,
    key: found.FLOWLINE_KAFKA_TLS_KEY ?? null,
  };
}

function saslOf(found: Found): Settings['kafka']['sasl'] {
  const {
    FLOWLINE_KAFKA_SASL: mechanism,
    FLOWLINE_KAFKA_USERNAME: username,
    FLOWLINE_KAFKA_PASSWORD: password,
  } = found;
  if (mechanism === undefined || username === undefined || password === undefined) return null;
  return { mechanism, username, password };
}

/**
 * Finds Kafka settings that contradict each other: an incomplete login, an incomplete certificate
 * pair, and certificates without TLS.
 */
function kafkaFindings(found: Found): Finding[] {
  const findings: Finding[] = [];
  const isSet = (name: keyof Found): boolean => found[name] !== undefined;
  const login = ['FLOWLINE_KAFKA_SASL', 'FLOWLINE_KAFKA_USERNAME', 'FLOWLINE_KAFKA_PASSWORD'] as const;
  if (login.some(isSet)) {
    for (const path of login.filter((name) => !isSet(name))) {
      findings.push({ path, finding: 'not set, though other parts of the login are', remedy: `set ${path} as well` });
    }
  }
  const pair = ['FLOWLINE_KAFKA_TLS_CERT', 'FLOWLINE_KAFKA_TLS_KEY'] as const;
  if (pair.some(isSet)) {
    for (const path of pair.filter((name) => !isSet(name))) {
      findings.push({ path, finding: 'not set, though the other of the pair is', remedy: `set ${path} as well` });
    }
  }
  const withTls = ['FLOWLINE_KAFKA_TLS_CA', ...pair] as const;
  if (found.FLOWLINE_KAFKA_TLS === 'false' && withTls.some(isSet)) {
    const remedy = 'set FLOWLINE_KAFKA_TLS=true, or remove the certificates';
    findings.push({ path: 'FLOWLINE_KAFKA_TLS', finding: 'certificates are set, but TLS is off', remedy });
  }
  return findings;
}

/** The database URL. @throws FlowlineError FLOWLINE_CONFIG_INVALID if not set. */
export function requireDatabaseUrl(settings: Settings): string {
  if (settings.database.url !== null) return settings.database.url;
  throw absent('FLOWLINE_DATABASE_URL', 'postgres://user@localhost:5432/flowline');
}

/** The Kafka brokers. @throws FlowlineError FLOWLINE_CONFIG_INVALID if not set. */
export function requireKafkaBrokers(settings: Settings): readonly string[] {
  if (settings.kafka.brokers !== null) return settings.kafka.brokers;
  throw absent('FLOWLINE_KAFKA_BROKERS', 'localhost:9092');
}

function absent(name: string, example: string): FlowlineError {
  return configInvalid('The environment', 'the environment', [
    { path: name, finding: 'required here, but not set', remedy: `set it, such as ${name}=${example}` },
  ]);
}
