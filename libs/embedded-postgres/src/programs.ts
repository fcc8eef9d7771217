import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';

import { messageOf } from '@flowline/events';

import type { ServerPlace } from './server-place.ts';

const execute = promisify(execFile);

/** Runs a program of Postgres to its end, as the server's user. */
export async function runProgram(place: ServerPlace, program: string, args: readonly string[]): Promise<void> {
  await execute(path.join(place.native, 'bin', program), [...args], optionsOf(place));
}

/**
 * Runs statements, one per line, in a single-user server that ends with them: the fastest way to
 * fill tables.
 */
export function runAlone(place: ServerPlace, statements: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const postgres = path.join(place.native, 'bin', 'postgres');
    const args = ['--single', '-D', place.data, '-c', 'fsync=off', '-c', 'log_checkpoints=off', 'postgres'];
    const child = execFile(postgres, args, optionsOf(place), (error, stdout, stderr) => {
      // The server continues after a failed statement and reports the failure only here.
      const failed = /^.*(?:ERROR|FATAL|PANIC):.*$/m.exec(`${stdout}\n${stderr}`);
      if (error === null && failed === null) resolve();
      else reject(new Error(failed?.[0] ?? textOf(error), { cause: error }));
    });
    child.stdin?.end(`${statements.join('\n')}\n`);
  });
}

/** Text of a failure: the program's standard error if it wrote any, else the message. */
export function textOf(error: unknown): string {
  if (error instanceof Error && 'stderr' in error && typeof error.stderr === 'string' && error.stderr !== '')
    return error.stderr.trim();
  return messageOf(error);
}

const optionsOf = ({ folder, user }: ServerPlace) => ({
  ...user,
  cwd: folder,
  env: { ...process.env, LC_ALL: 'C' },
});
