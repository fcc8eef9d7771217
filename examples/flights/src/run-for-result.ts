import { exitCodeOfProcess, spawnService, type WorkName } from './spawn-service.ts';
import { serviceError } from './service-error.ts';

const EXIT_GRACE_MS = 20_000;

/**
 * Runs a service to its end and returns its result: the last line of its standard output, one JSON
 * object. Its progress and logs go to this terminal. An aborted signal ends it with SIGTERM, then
 * SIGKILL after a grace of 20 s.
 * @throws ServiceError with the code that the service reported.
 */
export async function runForResult(
  service: WorkName,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Readonly<Record<string, unknown>>> {
  const child = spawnService(service, args, { env, stdin: 'ignore', stdout: 'pipe' });
  let output = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output = lastLines(output + text);
  });
  const end = (): void => {
    child.kill('SIGTERM');
    setTimeout(() => child.kill('SIGKILL'), EXIT_GRACE_MS).unref();
  };
  signal.addEventListener('abort', end);
  try {
    const code = await exitCodeOfProcess(child);
    signal.throwIfAborted();
    const result = parseObject(output.trimEnd().split('\n').at(-1) ?? '');
    if (code === 0 && result !== null) return result;
    throw serviceError(service, code, result);
  } finally {
    signal.removeEventListener('abort', end);
  }
}

/** End of a text that may be long (alerts on standard output), enough for one result. */
function lastLines(text: string): string {
  return text.length > 2_000_000 ? text.slice(-1_000_000) : text;
}

function parseObject(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : null;
  } catch {
    return null; // not a result: the caller reports it
  }
}
