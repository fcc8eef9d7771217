import {
  loadSettings,
  requireDatabaseUrl,
  requireKafkaBrokers,
  type Settings,
  unknownVariables,
} from '@flowline/config';
import { championVersions, connect, requireMigrated, waitForDatabase } from '@flowline/db';
import { createKafkaClient, type KafkaClient } from '@flowline/kafka';
import {
  createLogger,
  createMetrics,
  Health,
  type Logger,
  reportServiceError,
  Shutdown,
  startHealthServer,
  waiting,
} from '@flowline/telemetry';

import { type Arguments, HELP, readArguments } from './arguments.ts';
import { ChampionLookup } from './champion/champion-lookup.ts';
import { windowMemory } from './process-parts.ts';
import { openRules } from './rules/open-rules.ts';
import { scoreFile } from './file/score-file.ts';
import { serveKafka } from './kafka/serve.ts';

/**
 * Program of the scorer: runs every requested detector until its source ends or a signal comes, and
 * prints the error that ended it. Resolves to the exit code of the process.
 */
export async function runScorer(argv: readonly string[]): Promise<number> {
  try {
    const args = readArguments(argv);
    if (args !== null) return await run(args);
    process.stdout.write(HELP);
    return 0;
  } catch (error) {
    return reportServiceError('scorer', error, argv.includes('--json'));
  }
}

async function run(args: Arguments): Promise<number> {
  const settings = loadSettings();
  const logger = createLogger({ name: 'scorer', level: settings.logLevel });
  for (const warning of unknownVariables()) logger.warn({}, warning);
  const metrics = createMetrics();
  const health = new Health();
  const shutdown = new Shutdown({ logger, deadlineMs: settings.shutdownTimeoutMs });
  const unlisten = shutdown.listen();
  // Once standard output takes no alerts, the current batch is finished and the process ends.
  if (args.alerts === 'stdout') process.stdout.once('error', () => void shutdown.unwind());
  try {
    if (settings.http !== null) {
      const server = await startHealthServer({ ...settings.http, health, metrics });
      shutdown.defer('health server', () => server.close());
    }
    const url = requireDatabaseUrl(settings);
    const connection = { applicationName: 'flowline scorer', poolSize: settings.database.poolSize };
    const { source } = args;
    const waits = { signal: shutdown.signal, onWait: waiting({ health, logger }, 'database') };
    // A person or a script waits for the end of a file; a service waits for its database.
    const db = source.kind === 'kafka' ? await waitForDatabase(url, connection, waits) : await connect(url, connection);
    if (db === null) return 0;
    shutdown.defer('database', () => db.close());
    health.delete('database');
    if (source.kind !== 'kafka') await requireMigrated(db);
    const shared = {
      rules: await openRules(db, logger, shutdown),
      champions: new ChampionLookup(() => championVersions(db)),
      windowMemory: windowMemory(settings, logger, metrics),
      kafka: kafkaOf(settings, logger),
    };
    const parts = { db, settings, logger, metrics, health, shutdown, ...shared };
    if (source.kind === 'kafka') {
      await serveKafka(parts, args);
      return 0;
    }
    return await scoreFile(parts, { ...args, path: source.path });
  } finally {
    const inTime = await shutdown.unwind();
    unlisten();
    // Something still blocks the shutdown. Leaving now loses nothing that is stored.
    if (!inTime) process.exit(1);
  }
}

/** Creates the one Kafka client of the process on first use. */
function kafkaOf(settings: Settings, logger: Logger): () => KafkaClient {
  let client: KafkaClient | undefined;
  return () =>
    (client ??= createKafkaClient({
      brokers: requireKafkaBrokers(settings),
      clientId: settings.kafka.clientId,
      log: logger,
      tls: settings.kafka.tls,
      sasl: settings.kafka.sasl,
    }));
}
