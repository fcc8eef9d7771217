import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { chown, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';

import { FlowlineError } from '@flowline/events';

import { type PreparedTable, prepareTable } from './prepared-table.ts';
import { runProgram, textOf } from './programs.ts';
import { placeServer, type ServerPlace } from './server-place.ts';

const START_TIMEOUT_SECONDS = '60';

/** TCP only, so that no socket file needs a place, and no waiting for the disk. */
const QUICK = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  fsync: 'off',
  synchronous_commit: 'off',
  max_wal_size: '2GB',
};

/** A private Postgres server on loopback, from the binaries that npm installed. */
export interface EmbeddedServer {
  /** URL of the database `postgres`, with the superuser's password. */
  readonly url: string;
  /** Folder of the server's files. */
  readonly folder: string;
  /** Reason why the files are not in the requested folder; null if they are. */
  readonly movedBecause: string | null;
  /** Command for a person to stop a server that was kept running. */
  readonly stopCommand: string;
  stop(): Promise<void>;
  /** Lets the server outlive this process. Otherwise it ends with this process. */
  leaveRunning(): void;
  /** Starts the server again after it ended in any way, with the same data and port. */
  start(): Promise<void>;
}

/**
 * Starts a new Postgres with the given tables, on a free port, in a folder of its own. As root, it
 * runs as another user. If that user cannot reach the folder or the binaries, an accessible folder
 * is used instead. The server ends with this process, even if that exits at once (SIGKILL alone
 * leaves it running).
 *
 * Its data may be lost with the machine: it does not wait for the disk, unless `settings` of the
 * server say so. For demonstrations and tests.
 * @throws FlowlineError FLOWLINE_DATABASE_UNREACHABLE with the server's own message.
 */
export async function startEmbeddedPostgres(
  wanted: string,
  tables: readonly PreparedTable[] = [],
  settings: Readonly<Record<string, string>> = {},
): Promise<EmbeddedServer> {
  const place = await placeServer(wanted);
  const { data, folder } = place;
  const stopAtExit = (): void => endServer(data);
  process.on('exit', stopAtExit);
  try {
    const password = randomBytes(12).toString('hex');
    await createData(place, password, tables);
    const port = await freePort();
    const all = { ...QUICK, ...settings, port: String(port) };
    await startServer(place, all);
    return {
      url: `postgres://postgres:${password}@127.0.0.1:${port}/postgres`,
      folder,
      movedBecause: place.movedBecause,
      stopCommand: `kill -INT $(head -1 ${path.join(data, 'postmaster.pid')})`,
      stop: () => {
        process.off('exit', stopAtExit);
        return stopServer(place);
      },
      leaveRunning: () => void process.off('exit', stopAtExit),
      start: () => startServer(place, all),
    };
  } catch (cause) {
    endServer(data);
    process.off('exit', stopAtExit);
    throw new FlowlineError('FLOWLINE_DATABASE_UNREACHABLE', `The embedded Postgres did not start: ${textOf(cause)}`, {
      where: folder,
      remedy: 'See the message of the server.',
      cause,
    });
  }
}

/** Creates the data of a server: the superuser with a password, and the tables. */
async function createData(place: ServerPlace, password: string, tables: readonly PreparedTable[]): Promise<void> {
  const { folder, data, user } = place;
  await mkdir(folder, { recursive: true });
  await mkdir(data, { mode: 0o700 });
  const [passwordFile, csv] = [path.join(folder, 'password'), path.join(folder, 'table.csv')];
  await writeFile(passwordFile, password, { mode: 0o600 });
  for (const file of [logOf(place), csv]) await writeFile(file, '', { mode: 0o600 });
  if (user !== null) for (const file of [data, passwordFile, logOf(place), csv]) await chown(file, user.uid, user.gid);
  await runProgram(place, 'initdb', [
    `--pgdata=${data}`,
    '--username=postgres',
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--no-locale',
    '--no-sync',
  ]);
  await rm(passwordFile);
  for (const table of tables) await prepareTable(place, table, csv);
  await rm(csv);
}

async function startServer(place: ServerPlace, settings: Readonly<Record<string, string>>): Promise<void> {
  const log = logOf(place);
  const options = Object.entries(settings).map(([name, value]) => `-c ${name}=${value}`);
  const args = ['-D', place.data, '-l', log, '-w', '-t', START_TIMEOUT_SECONDS, '-o', options.join(' ')];
  try {
    await runProgram(place, 'pg_ctl', ['start', ...args]);
  } catch (error) {
    throw new Error((await readFile(log, 'utf8')).trim() || textOf(error), { cause: error });
  }
}

async function stopServer(place: ServerPlace): Promise<void> {
  await runProgram(place, 'pg_ctl', ['stop', '-D', place.data, '-m', 'fast', '-w']);
  if (place.movedBecause !== null) await rm(place.folder, { recursive: true, force: true });
}

const logOf = ({ folder }: ServerPlace): string => path.join(folder, 'postgres.log');

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(address !== null && typeof address === 'object' ? address.port : 0));
    });
  });
}

/**
 * Ends the server of a data folder at once, if one runs. Synchronous, so that it works during exit.
 */
function endServer(data: string): void {
  try {
    process.kill(Number(readFileSync(path.join(data, 'postmaster.pid'), 'utf8').split('\n')[0]), 'SIGQUIT');
  } catch {
    // No server was started, or it has already ended.
  }
}
