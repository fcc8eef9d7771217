import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { loadDetectorFile, storedDefinition } from '@flowline/config';
import {
  applyDetector,
  connect,
  createTicket,
  createToken,
  type Database,
  loadChampion,
  migrate,
  reportScoring,
} from '@flowline/db';
import { startEmbeddedPostgres } from '@flowline/embedded-postgres';
import { FlowlineError, messageOf } from '@flowline/events';

import { demoTables } from './demo-tables.ts';
import type { FlightEvent } from './faults.ts';
import { detectorFile, eventLine, prepareFlights } from './prepare-flights.ts';
import { replayFile } from './replay-file.ts';
import { runForResult } from './run-for-result.ts';
import { silentService } from './service-error.ts';
import { spawnService } from './spawn-service.ts';

/** Options of {@link serveDemo}. */
export interface ServeOptions {
  /** Folder for the files of this run alone. */
  readonly folder: string;
  readonly historyRows: number;
  readonly events: number;
  /** Events per second of the part that goes on while somebody looks. */
  readonly rate: number;
  /** Port of the dashboard; 0 for a free one. */
  readonly port: number;
  readonly seed: number;
  /** Called with progress messages, one line each. */
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

/** Share of the flights that is replayed at once: the past of the charts. */
const PAST_SHARE = 2 / 3;
const TICKS_PER_SECOND = 4;
const READY_MS = 30_000;
const REPORT_MS = 10_000;
const DETECTOR = 'flights';

/**
 * Shows the demo in the dashboard: starts its services, prints an address that works once, trains,
 * and replays flights, most of them at once and the others slowly. Resolves when it is stopped.
 */
export async function serveDemo(options: ServeOptions): Promise<void> {
  const { say, signal, folder } = options;
  const { history, events, airports } = await prepareFlights(options);
  signal.throwIfAborted();
  const postgres = await startEmbeddedPostgres(path.join(folder, 'postgres'), demoTables(history, airports));
  try {
    const db = await connect(postgres.url, { applicationName: 'flowline demo', poolSize: 2 });
    try {
      const migrations = await migrate(db);
      say(`Postgres is ready: ${migrations.length} migrations applied.`);
      await applyDetector(db, storedDefinition(await loadDetectorFile(detectorFile)));
      await show(db, postgres.url, events, options);
    } finally {
      await db.close();
    }
  } finally {
    await postgres.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function show(
  db: Database,
  databaseUrl: string,
  events: readonly FlightEvent[],
  options: ServeOptions,
): Promise<void> {
  const { say, signal, folder, rate } = options;
  const env = { FLOWLINE_DATABASE_URL: databaseUrl, FLOWLINE_LOG_LEVEL: process.env.FLOWLINE_LOG_LEVEL ?? 'warn' };
  const api = await startApi(options, env);
  try {
    say(`\n  The dashboard: ${await addressFor(db, api.url)}\n`);
    say('The address works once. Training …');
    await runForResult('trainer', ['--once', DETECTOR, '--json'], env, signal);
    const past = Math.floor(events.length * PAST_SHARE);
    const file = path.join(folder, 'events.ndjson');
    await writeFile(file, events.slice(0, past).map(eventLine).join(''));
    say(`Replaying ${past} flights at once …`);
    await replayFile(file, DETECTOR, env, signal);
    say(`Replaying ${events.length - past} flights, ${rate} per second. Ctrl-C stops everything.`);
    const reporting = await reportWhileScoring(db, say);
    try {
      await replaySlowly(events.slice(past), rate, env, signal);
    } finally {
      clearInterval(reporting);
    }
    say('All flights are replayed; the dashboard stays. Ctrl-C stops it.');
    await once(signal, 'abort');
  } finally {
    await api.stop();
  }
}

/** Address of the dashboard with a ticket, which a browser keeps to itself and which works once. */
async function addressFor(db: Database, url: string): Promise<string> {
  const { token } = await createToken(db, { name: 'demo', scope: 'operate', detectors: null, expiresAt: null });
  return `${url}/ui/#ticket=${await createTicket(db, token.tokenId)}`;
}

interface RunningProcess {
  readonly url: string;
  stop(): Promise<void>;
}

/** @throws FlowlineError FLOWLINE_USAGE if the process ends, or is not ready in time. */
async function startApi({ port: asked, signal }: ServeOptions, env: Record<string, string>): Promise<RunningProcess> {
  const port = await freePort(asked);
  const child = spawnService('api', ['--host', '127.0.0.1', '--port', String(port)], { env, stdin: 'ignore' });
  const ended = once(child, 'exit');
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await ended;
  };
  const url = `http://127.0.0.1:${port}`;
  const readyBy = Date.now() + READY_MS;
  while (Date.now() < readyBy && child.exitCode === null && !signal.aborted) {
    const response = await fetch(`${url}/readyz`).catch(() => null);
    if (response?.ok === true) return { url, stop };
    await sleep(100);
  }
  await stop();
  signal.throwIfAborted();
  throw new FlowlineError('FLOWLINE_USAGE', `The dashboard did not start on port ${port}: see above.`, {
    where: '--port',
    remedy: 'Choose another port.',
  });
}

/** @throws FlowlineError FLOWLINE_USAGE for a port that is in use. */
async function freePort(asked: number): Promise<number> {
  const server = createServer().listen(asked, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch (error) {
    throw new FlowlineError('FLOWLINE_USAGE', `Port ${asked} cannot be used: ${messageOf(error)}.`, {
      where: '--port',
      remedy: 'Choose another port, or leave it out for a free one.',
    });
  }
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Reports which model scores, as a scorer of topics would; one of a file does not. */
async function reportWhileScoring(db: Database, say: ServeOptions['say']): Promise<NodeJS.Timeout> {
  const { version: modelVersion, alpha } = await loadChampion(db, DETECTOR);
  const state = { detector: DETECTOR, detectorVersion: 1, modelVersion, alpha, alphaNote: null, fault: null };
  await reportScoring(db, state);
  return setInterval(() => {
    void reportScoring(db, state).catch((error: unknown) => say(`warning: ${messageOf(error)}`));
  }, REPORT_MS);
}

/** Gives flights to a scorer one after another, as a topic would. */
async function replaySlowly(
  events: readonly FlightEvent[],
  rate: number,
  env: Record<string, string>,
  signal: AbortSignal,
): Promise<void> {
  const args = ['--detector', DETECTOR, '--source', 'ndjson:-', '--alerts', 'none'];
  const scorer = spawnService('scorer', args, { env, stdin: 'pipe' });
  const ended = once(scorer, 'exit');
  const end = (): void => void scorer.kill('SIGTERM');
  signal.addEventListener('abort', end);
  // A scorer that ends breaks the pipe; its exit code tells.
  scorer.stdin?.on('error', () => undefined);
  const chunk = Math.max(1, Math.round(rate / TICKS_PER_SECOND));
  try {
    for (let from = 0; from < events.length && !signal.aborted && scorer.exitCode === null; from += chunk) {
      scorer.stdin?.write(
        events
          .slice(from, from + chunk)
          .map(eventLine)
          .join(''),
      );
      await sleep((1_000 * chunk) / rate, undefined, { signal }).catch(() => undefined);
    }
    scorer.stdin?.end();
    const [code] = (await ended) as [number | null];
    signal.throwIfAborted();
    if (code !== 0) throw silentService('scorer', `The scorer ended with exit code ${code}.`);
  } finally {
    signal.removeEventListener('abort', end);
  }
}
