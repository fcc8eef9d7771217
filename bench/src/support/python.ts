import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { FlowlineError } from '@flowline/events';

const benchFolder = fileURLToPath(new URL('../../', import.meta.url));

/** The folder of the peers' programs and of requirements.txt. */
export const peersFolder = path.join(benchFolder, 'peers');

/** The bench's own virtual environment; `npm run bench:peers-install` makes it. */
export const environmentFolder = path.join(benchFolder, '..', '.flowline', 'bench-venv');

/** Python in the bench's own environment. */
export const environmentPython = path.join(environmentFolder, 'bin', 'python');

/** How to run a peer. */
export interface PeerOptions {
  /** Threads of its numerical libraries (default 1). */
  readonly threads?: number;
  /** Called with each line it prints but the last. */
  readonly onLine?: (line: string) => void;
  readonly signal?: AbortSignal;
}

/**
 * Runs bench/peers/`script` in the bench's environment and returns the JSON of the last line that it prints; what it says on standard
 * error passes through. Throws FLOWLINE_USAGE when the environment is missing or the program fails.
 */
export async function runPeer<Result>(
  script: string,
  args: readonly string[],
  options: PeerOptions = {},
): Promise<Result> {
  const { child, ended, lines } = spawnPeer(script, args, options);
  child.stdin.end();
  let last: string | undefined;
  for await (const line of lines) {
    if (last !== undefined) options.onLine?.(last);
    last = line;
  }
  const status = await ended;
  if (status !== 0 || last === undefined) throw peerFailed(script, args, status);
  return JSON.parse(last) as Result;
}

/** A peer that answers, line by line. */
export interface PeerServer {
  /** What it said when it was ready. */
  readonly greeting: string;
  /** One question at a time. */
  ask(line: string): Promise<string>;
  stop(): Promise<void>;
}

/** Starts bench/peers/`script` as a server on its standard input and output. Throws as {@link runPeer} does. */
export async function startPeer(
  script: string,
  args: readonly string[],
  options: PeerOptions = {},
): Promise<PeerServer> {
  const { child, ended, lines } = spawnPeer(script, args, options);
  const answers = lines[Symbol.asyncIterator]();
  const next = async (): Promise<string> => {
    const answer: IteratorResult<string, unknown> = await answers.next();
    if (answer.done === true) throw peerFailed(script, args, await ended);
    return answer.value;
  };
  return {
    greeting: await next(),
    ask: (line) => {
      child.stdin.write(`${line}\n`);
      return next();
    },
    stop: async () => {
      child.stdin.end();
      await ended;
    },
  };
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
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  ended.catch(() => undefined); // awaited after the last line
  return { child, ended, lines: createInterface({ input: child.stdout }) };
}

function peerFailed(script: string, args: readonly string[], status: number | null): FlowlineError {
  return new FlowlineError('FLOWLINE_USAGE', `the peer ended with status ${status ?? 'of a signal'}`, {
    where: [script, ...args].join(' '),
    remedy: 'See what it printed above.',
  });
}
