import { FlowlineError, quoteText, type ScoringBackend } from '@flowline/events';

import { defaultCacheFolder } from './cache-folder.ts';
import { environment, type logLevels, SECRET_VARIABLES, settingNames } from './environment.ts';
import { configInvalid, type Finding } from './finding.ts';
import { kafkaFindings, type KafkaLogin, type KafkaTls, saslOf, tlsOf } from './kafka-settings.ts';
import { type Environment, isReference, resolveSecret } from './secret.ts';

/** Maximum length of a value quoted in a message. */
const QUOTED_CHARACTERS = 60;

/** Settings of a Flowline process, from its environment. */
export interface Settings {
  /** url: null if not set. */
  readonly database: { readonly url: string | null; readonly poolSize: number };
  /** brokers: null if not set. */
  readonly kafka: {
    readonly brokers: readonly string[] | null;
    readonly clientId: string;
    /** Null: no encryption. */
    readonly tls: KafkaTls | null;
    readonly sasl: KafkaLogin | null;
  };
  readonly logLevel: (typeof logLevels)[number];
  /**
   * Address of the health and metrics server; null (port 0, or none) for no server. Loopback unless
   * a host is set.
   */
  readonly http: { readonly host: string; readonly port: number } | null;
  /** Interface for servers of HTTP; loopback unless one is set. */
  readonly httpHost: string;
  /** Links in messages. publicUrl: null for none; keys: of links to answer, the first signs. */
  readonly links: { readonly publicUrl: string | null; readonly keys: readonly string[] };
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
    httpHost: found.FLOWLINE_HTTP_HOST,
    links: { publicUrl: found.FLOWLINE_PUBLIC_URL ?? null, keys: found.FLOWLINE_LINK_KEY ?? [] },
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
