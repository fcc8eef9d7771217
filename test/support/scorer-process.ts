import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** A service in its own process, started as the command line starts it. */
export interface ServiceProcess {
  readonly child: ChildProcess;
  /** Standard output so far. */
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Exit code, or the signal that ended the process. */
  readonly ended: Promise<number | NodeJS.Signals>;
}
export type ScorerProcess = ServiceProcess;

const runner = fileURLToPath(new URL('./run-service.mjs', import.meta.url));

/** Starts services/scorer. */
export function startScorer(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  input = '',
): ServiceProcess {
  return start([runner, 'scorer', ...args], env, input);
}

/** Starts services/trainer. */
export function startTrainer(args: readonly string[], env: Readonly<Record<string, string>>): ServiceProcess {
  return start([runner, 'trainer', ...args], env, '');
}

/** Starts services/api. */
export function startApiService(args: readonly string[], env: Readonly<Record<string, string>>): ServiceProcess {
  return start([runner, 'api', ...args], env, '');
}

/** Runs the command line, services/cli/bin/flowline.mjs. */
export function startCli(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  { cwd }: { readonly cwd?: string } = {},
): ServiceProcess {
  const program = fileURLToPath(new URL('../../services/cli/bin/flowline.mjs', import.meta.url));
  return start([program, ...args], env, '', cwd);
}

function start(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  input: string,
  cwd?: string,
): ServiceProcess {
  const child = spawn(process.execPath, args, {
    cwd,
    env: { ...process.env, FLOWLINE_LOG_LEVEL: 'info', ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const ended = new Promise<number | NodeJS.Signals>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(code ?? signal ?? 1));
  });
  return { child, stdout: () => stdout, stderr: () => stderr, ended };
}
