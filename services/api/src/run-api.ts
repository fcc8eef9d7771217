import { loadSettings, requireDatabaseUrl, type Settings, unknownVariables } from '@flowline/config';
import { requireMigrated, waitForDatabase } from '@flowline/db';
import { createLogger, createMetrics, Health, reportServiceError, Shutdown, waiting } from '@flowline/telemetry';

import { type Arguments, HELP, readArguments } from './arguments.ts';
import { startApi } from './start-api.ts';

/** Port unless another is given. */
const DEFAULT_PORT = 7070;

/**
 * Program of the API: serves until a signal comes, and prints the error that ended it. Resolves to
 * the exit code of the process.
 */
export async function runApi(argv: readonly string[]): Promise<number> {
  try {
    const args = readArguments(argv);
    if (args !== null) return await run(args);
    process.stdout.write(HELP);
    return 0;
  } catch (error) {
    return reportServiceError('api', error, argv.includes('--json'));
  }
}

async function run(args: Arguments): Promise<number> {
  const settings = loadSettings();
  const logger = createLogger({ name: 'api', level: settings.logLevel });
  for (const warning of unknownVariables()) logger.warn({}, warning);
  const health = new Health();
  const shutdown = new Shutdown({ logger, deadlineMs: settings.shutdownTimeoutMs });
  const unlisten = shutdown.listen();
  try {
    const connection = { applicationName: 'flowline api', poolSize: settings.database.poolSize };
    const waits = { signal: shutdown.signal, onWait: waiting({ health, logger }, 'database') };
    const db = await waitForDatabase(requireDatabaseUrl(settings), connection, waits);
    if (db === null) return 0;
    shutdown.defer('database', () => db.close());
    health.delete('database');
    await requireMigrated(db);
    const parts = { db, settings, logger, metrics: createMetrics(), health };
    const api = await startApi(parts, addressOf(args, settings));
    shutdown.defer('server', () => api.close());
    logger.info({ url: api.url }, 'listening');
    await aborted(shutdown.signal);
    return 0;
  } finally {
    const inTime = await shutdown.unwind();
    unlisten();
    if (!inTime) process.exit(1);
  }
}

function addressOf({ port, host }: Arguments, { http, httpHost }: Settings): { port: number; host: string } {
  return { port: port ?? http?.port ?? DEFAULT_PORT, host: host ?? httpHost };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
