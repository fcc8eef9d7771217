import { loadSettings, requireDatabaseUrl, requireKafkaBrokers, type Settings } from '@flowline/config';
import { commitBatch, connect, type Database, requireMigrated } from '@flowline/db';
import { createKafkaClient, type KafkaClient } from '@flowline/kafka';
import { createLogger, createMetrics, Health, reportError, Shutdown, startHealthServer } from '@flowline/telemetry';

import { type Arguments, HELP, readArguments } from './arguments.ts';
import { createModelLoader } from './model-loader.ts';
import { measureOutbox, openAlerts } from './open-alerts.ts';
import { type DetectorSource, openSources } from './open-sources.ts';
import { pollGauges } from './poll-gauges.ts';
import { type DetectorRunParts, runDetector } from './run-detector.ts';
import type { RunTotals } from './run-totals.ts';
import { selectDetectors } from './select-detectors.ts';

try {
  const args = readArguments(process.argv.slice(2));
  if (args === null) process.stdout.write(HELP);
  else process.exitCode = await run(args);
} catch (error) {
  process.exitCode = reportError(error, process.argv.includes('--json'));
}

/** Runs every detector asked for until its source ends or a signal comes; resolves to the exit code. */
async function run(args: Arguments): Promise<number> {
  const settings = loadSettings();
  const logger = createLogger({ name: 'scorer', level: settings.logLevel });
  const metrics = createMetrics();
  const health = new Health();
  const shutdown = new Shutdown({ logger });
  const unlisten = shutdown.listen();
  try {
    const db = await connect(requireDatabaseUrl(settings), {
      applicationName: 'flowline scorer',
      poolSize: settings.database.poolSize,
    });
    shutdown.defer('database', () => db.close());
    await requireMigrated(db);
    if (settings.httpPort !== null) {
      const server = await startHealthServer({ port: settings.httpPort, health, metrics });
      shutdown.defer('health server', () => server.close());
    }

    const parts = { db, settings, logger, metrics, health, signal: shutdown.signal, kafka: kafkaOf(settings, logger) };
    const sources = await openSources(parts, args, await selectDetectors(db, args));
    const alerts = openAlerts(
      parts,
      args.alerts,
      sources.map(({ definition }) => definition.name),
    );
    if (alerts !== null) shutdown.defer('alerts', () => alerts.close());
    void pollGauges(
      [() => measureOutbox(db, metrics), ...sources.map(({ measureLag }) => measureLag)],
      logger,
      shutdown.signal,
    );

    const runs = sources.map((source) => runDetector(partsOf(parts, source, args)));
    shutdown.defer('detectors', async () => {
      await Promise.allSettled(runs);
    });
    const totals = await untilAllEnd(runs);
    const interrupted = shutdown.received;
    if (args.source.kind === 'kafka') return 0;
    if (interrupted !== undefined) return interrupted.exitCode;
    await alerts?.drain();
    for (const total of totals) report(total, args.json);
    return 0;
  } finally {
    const inTime = await shutdown.unwind();
    unlisten();
    // Something still holds on: nothing that is stored is lost by leaving now.
    if (!inTime) process.exit(1);
  }
}

interface ProcessParts extends Pick<DetectorRunParts, 'logger' | 'metrics' | 'health' | 'signal'> {
  readonly db: Database;
  readonly settings: Settings;
}

function partsOf(process: ProcessParts, { definition, source }: DetectorSource, args: Arguments): DetectorRunParts {
  const { db, settings, logger, metrics, health, signal } = process;
  const { name, alerts } = definition;
  const alertTopic = args.alerts === 'none' ? null : alerts.topic;
  const { eventMaxBytes } = settings;
  return {
    name,
    source,
    loader: createModelLoader({ db, detector: name, backend: `tfjs-${settings.backend}`, eventMaxBytes }),
    store: { commit: (batch) => commitBatch(db, batch, { alertTopic }) },
    logger,
    metrics,
    health,
    signal,
  };
}

/** One client for the process, made when it is first needed. */
function kafkaOf(settings: Settings, logger: DetectorRunParts['logger']): () => KafkaClient {
  let client: KafkaClient | undefined;
  return () =>
    (client ??= createKafkaClient({
      brokers: requireKafkaBrokers(settings),
      clientId: settings.kafka.clientId,
      log: logger,
    }));
}

/** Waits for every run: the failure of one does not touch the others, and is thrown once they have ended. */
async function untilAllEnd(runs: readonly Promise<RunTotals>[]): Promise<RunTotals[]> {
  const totals: RunTotals[] = [];
  const failures: unknown[] = [];
  for (const result of await Promise.allSettled(runs)) {
    if (result.status === 'fulfilled') totals.push(result.value);
    else failures.push(result.reason);
  }
  if (failures.length > 0) throw failures[0];
  return totals;
}

function report(totals: RunTotals, json: boolean): void {
  const { detector, events, scored, alreadyStored, deadLetters, anomalies, seconds, eventsPerSecond } = totals;
  const line = json
    ? JSON.stringify(totals)
    : `${detector}: ${events} events in ${seconds.toFixed(1)} s (${Math.round(eventsPerSecond)}/s): ${scored} scored, ` +
      `${anomalies} anomalies, ${deadLetters} dead letters, ${alreadyStored} stored before`;
  // Alerts may be on standard output: totals for people go beside them.
  (json ? process.stdout : process.stderr).write(`${line}\n`);
}
