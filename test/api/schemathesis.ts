import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { loadSettings } from '@flowline/config';

const requirements = fileURLToPath(new URL('../../infra/schemathesis/requirements.txt', import.meta.url));

/** The program, or the reason why it is not there. */
export type Schemathesis = { readonly program: string } | { readonly missing: string };

/**
 * Installs schemathesis with the pinned versions into a folder of its own in Flowline's cache
 * folder, named by them. A second call is instant.
 */
export function installSchemathesis(): Schemathesis {
  const version = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 16);
  const folder = path.join(loadSettings().cacheFolder, `schemathesis-${version}`);
  const program = path.join(folder, 'bin/schemathesis');
  if (existsSync(path.join(folder, 'installed'))) return { program };
  // Built in place, since a virtual environment holds its own path; marked as complete at the end.
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(path.dirname(folder), { recursive: true });
  const python = run('python3', ['-m', 'venv', folder]);
  if (python !== null) return { missing: `python3 -m venv: ${python}` };
  const pip = ['install', '--quiet', '--disable-pip-version-check', '--no-deps', '--requirement', requirements];
  const installed = run(path.join(folder, 'bin/pip'), pip);
  if (installed !== null) return { missing: `pip install: ${installed}` };
  mkdirSync(path.join(folder, 'installed'));
  return { program };
}

/** Runs a program. Null if it succeeds, else the last line of its errors. */
function run(program: string, args: readonly string[]): string | null {
  const { status, error, stderr } = spawnSync(program, args, { encoding: 'utf8', timeout: 300_000 });
  if (status === 0) return null;
  return error?.message ?? stderr.trim().split('\n').at(-1) ?? `exit code ${String(status)}`;
}

/** Target of a run. */
export interface Fuzzing {
  readonly url: string;
  readonly token: string;
  /** Requests per operation and phase. */
  readonly examples: number;
  /** Time after which the run is given up. */
  readonly timeoutMs: number;
  readonly seed: number;
}

/**
 * Sends requests that fit the description of the API, and some that do not, and checks that every
 * response is documented. Resolves to the exit code.
 */
export async function fuzz(program: string, { url, token, examples, timeoutMs, seed }: Fuzzing): Promise<number> {
  const checks = [
    'not_a_server_error',
    'status_code_conformance',
    'content_type_conformance',
    'response_headers_conformance',
    'response_schema_conformance',
    'unsupported_method',
    'allow_header_conformance',
    'ignored_auth',
  ];
  const child = spawn(
    program,
    [
      ...['run', `${url}/openapi.json`, '--header', `Authorization: Bearer ${token}`, '--checks', checks.join(',')],
      ...['--phases', 'examples,coverage,fuzzing', '--max-examples', String(examples), '--seed', String(seed)],
      // The stream of events does not end.
      ...['--exclude-path', '/v1/stream', '--request-timeout', '30', '--workers', '1'],
      ...['--generation-database', 'none', '--suppress-health-check', 'all', '--warnings', 'off'],
    ],
    // It leaves its cache in the current folder.
    {
      cwd: path.dirname(program),
      stdio: ['ignore', 'inherit', 'inherit'],
      timeout: timeoutMs,
      env: { ...process.env, NO_COLOR: '1' },
    },
  );
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      if (signal !== null) process.stderr.write(`schemathesis was ended after ${String(timeoutMs / 1_000)} s\n`);
      resolve(code ?? 1);
    });
  });
}
