import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { FlowlineError } from '@flowline/events';

import { endOf, type LineServer, lineServer } from './line-server.ts';

const benchFolder = fileURLToPath(new URL('../../', import.meta.url));

/** Folder of the peers' programs and requirements.txt. */
export const peersFolder = path.join(benchFolder, 'peers');

/** The bench's virtual environment, created by `npm run bench:peers-install`. */
export const environmentFolder = path.join(benchFolder, '..', '.flowline', 'bench-venv');

/** Python in the bench's virtual environment. */
export const environmentPython = path.join(environmentFolder, 'bin', 'python');

/** Options for running a peer. */
export interface PeerOptions {
  /** Threads of its numerical libraries (default 1). */
  readonly threads?: number;
  /** Called with every line that it prints except the last. */
  readonly onLine?: (line: string) => void;
  readonly signal?: AbortSignal;
}

/**
 * Runs bench/peers/`script` in the bench's environment and returns the JSON of the last line that
 * it prints. Its standard error is passed through. Throws FLOWLINE_USAGE if the environment is
 * missing or the program fails.
 */
export async function runPeer<Result>(
  script: string,
  args: readonly string[],
  options: PeerOptions = {},
): Promise<Result> {
  const { child, ended } = spawnPeer(script, args, options);
  child.stdin.end();
  let last: string | undefined;
  for await (const line of createInterface({ input: child.stdout })) {
    if (last !== undefined) options.onLine?.(last);
    last = line;
  }
  const status = await ended;
  if (status !== 0 || last === undefined) throw peerFailed(script, args, status);
  return JSON.parse(last) as Result;
}

/**
 * Starts bench/peers/`script` as a server on its standard input and output. Throws like
 * {@link runPeer}.
 */
export async function startPeer(
  script: string,
  args: readonly string[],
  options: PeerOptions = {},
): Promise<LineServer> {
  const { child, ended } = spawnPeer(script, args, options);
  return lineServer(child, async () => peerFailed(script, args, await ended));
}

function spawnPeer(script: string, args: readonly string[], { threads = 1, signal }: PeerOptions) {
  if (!existsSync(environmentPython)) {
    throw new FlowlineError('FLOWLINE_USAGE', 'the peers are not installed', {
      where: environmentFolder,
      remedy: 'Run `npm run bench:peers-install` once, or leave --peers out.',
    });
  }
  const count = String(threads);
  const child = spawn(environmentPython, [path.join(peersFolder, script), ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, OMP_NUM_THREADS: count, MKL_NUM_THREADS: count, OPENBLAS_NUM_THREADS: count },
    ...(signal === undefined ? {} : { signal }),
  });
  return { child, ended: endOf(child) };
}

function peerFailed(script: string, args: readonly string[], status: number | null): FlowlineError {
  return new FlowlineError('FLOWLINE_USAGE', `the peer ended with status ${status ?? 'of a signal'}`, {
    where: [script, ...args].join(' '),
    remedy: 'See what it printed above.',
  });
}
