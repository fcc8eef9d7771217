import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** A scorer in a process of its own, started as the command line starts it. */
export interface ScorerProcess {
  readonly child: ChildProcess;
  /** What it has written so far. */
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Its exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
}

const main = fileURLToPath(import.meta.resolve('@flowline/scorer/main'));
const tsx = import.meta.resolve('tsx');

/** Starts services/scorer/src/main.ts. */
export function startScorer(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  input?: string,
): ScorerProcess {
  const child = spawn(process.execPath, ['--conditions=flowline:source', '--import', tsx, main, ...args], {
    env: { ...process.env, FLOWLINE_LOG_LEVEL: 'info', ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  child.stdin.on('error', () => undefined);
  child.stdin.end(input ?? '');
  const ended = new Promise<number | NodeJS.Signals>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(code ?? signal ?? 1));
  });
  return { child, stdout: () => stdout, stderr: () => stderr, ended };
}
