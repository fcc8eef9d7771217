import { spawn, type ChildProcess } from 'node:child_process';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

/** Services that the demo starts. */
export type ServiceName = WorkName | 'api';

/** Services that do a piece of work and end with its result. */
export type WorkName = 'trainer' | 'scorer';

/** Options of {@link spawnService}. */
export interface SpawnOptions {
  /** Variables added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** `inherit`: the person's terminal. `pipe`: read by the caller. `ignore`: nothing. */
  readonly stdin?: 'inherit' | 'pipe' | 'ignore';
  readonly stdout?: 'inherit' | 'pipe';
}

/**
 * Starts a service's own main as a process, from sources if this process runs from sources, else
 * from the build.
 */
export function spawnService(service: ServiceName, args: readonly string[], options: SpawnOptions = {}): ChildProcess {
  const main = fileURLToPath(import.meta.resolve(`@flowline/${service}/main`));
  const flags = main.endsWith('.ts') ? ['--conditions=flowline:source', '--import', import.meta.resolve('tsx')] : [];
  return spawn(process.execPath, [...process.execArgv, ...flags, main, ...args], {
    stdio: [options.stdin ?? 'inherit', options.stdout ?? 'inherit', 'inherit'],
    env: { ...process.env, ...options.env },
  });
}

/** Exit code of a process: its own, or 128 + the number of the signal that ended it. */
export function exitCodeOfProcess(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
  });
}
