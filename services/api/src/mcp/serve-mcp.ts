import { userInfo } from 'node:os';

import { loadSettings, requireDatabaseUrl } from '@flowline/config';
import { connect, type Database, getDetector, requireMigrated } from '@flowline/db';
import { createLogger, createMetrics, Health, Shutdown } from '@flowline/telemetry';

import { Caller } from '../caller.ts';
import { LiveStream } from '../live/live-stream.ts';
import type { ApiParts } from '../route.ts';
import type { McpOptions } from './mcp-options.ts';
import { ScoringModels } from '../scoring/scoring-models.ts';
import { startMcpHttp } from './http-server.ts';
import { serveStdio } from './serve-stdio.ts';

/** Serves MCP until a signal comes or, over standard input and output, until the input ends. */
export async function serveMcp(options: McpOptions): Promise<void> {
  const settings = loadSettings();
  const logger = createLogger({ name: 'mcp', level: settings.logLevel });
  const shutdown = new Shutdown({ logger, deadlineMs: settings.shutdownTimeoutMs });
  const unlisten = shutdown.listen();
  try {
    const db = await connect(requireDatabaseUrl(settings), { applicationName: 'flowline mcp', poolSize: 4 });
    shutdown.defer('database', () => db.close());
    await requireMigrated(db);
    const models = new ScoringModels(db, settings);
    shutdown.defer('models', () => models.close());
    const shared = { db, settings, logger, metrics: createMetrics({ processMetrics: false }), health: new Health() };
    const parts = { ...shared, models, live: new LiveStream(shared) };
    await (options.http ? serveHttp(parts, options, shutdown) : serveLocal(parts, options, shutdown.signal));
  } finally {
    const inTime = await shutdown.unwind();
    unlisten();
    if (!inTime) process.exit(1);
  }
}

async function serveHttp(parts: ApiParts, { port, version }: McpOptions, shutdown: Shutdown): Promise<void> {
  const mcp = await startMcpHttp(parts, port, version);
  shutdown.defer('server', () => mcp.close());
  parts.logger.info({ url: mcp.url }, 'listening');
  const { signal } = shutdown;
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
}

async function serveLocal(parts: ApiParts, options: McpOptions, signal: AbortSignal): Promise<void> {
  const caller = await localCaller(parts.db, options);
  const { stdin, stdout } = process;
  await serveStdio({ stdin, stdout }, { caller, parts, version: options.version, signal });
}

/** The user who started the process, with the rights that it was started with. */
async function localCaller(db: Database, { scope, detectors }: McpOptions): Promise<Caller> {
  for (const detector of detectors ?? []) await getDetector(db, detector);
  const name = `${userInfo().username} (flowline mcp)`;
  return new Caller({ tokenId: 0, name, scope, detectors }, true);
}
