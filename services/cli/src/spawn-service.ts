import { spawn, type ChildProcess } from 'node:child_process';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

/** The services that the CLI starts. */
export type ServiceName = 'trainer' | 'scorer';

/** How a service is started. */
export interface SpawnOptions {
  /** Variables added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** `inherit`: the person's terminal. `pipe`: the caller reads it. `ignore`: nothing. */
  readonly stdin?: 'inherit' | 'pipe' | 'ignore';
  readonly stdout?: 'inherit' | 'pipe';
}

/** Starts a service's own main as a process: sources under the same loader as this one, or what was built. */
export function spawnService(service: ServiceName, args: readonly string[], options: SpawnOptions = {}): ChildProcess {
  const main = fileURLToPath(import.meta.resolve(`@flowline/${service}/main`));
  return spawn(process.execPath, [...process.execArgv, main, ...args], {
    stdio: [options.stdin ?? 'inherit', options.stdout ?? 'inherit', 'inherit'],
    env: { ...process.env, ...options.env },
  });
}

/** The exit code of a process: its own, or 128 + the number of the signal that ended it. */
export function exitCodeOfProcess(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
  });
}

/** Runs a service in this terminal until it ends, passing signals to it; resolves to its exit code. */
export async function runService(service: ServiceName, args: readonly string[]): Promise<number> {
  const child = spawnService(service, args);
  // A terminal sends SIGINT to the service as well; a second one would mean "at once".
  const forward = (signal: NodeJS.Signals): void => {
    if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, forward);
  try {
    return await exitCodeOfProcess(child);
  } finally {
    for (const signal of signals) process.off(signal, forward);
  }
}
