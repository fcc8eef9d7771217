import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';

import { FlowlineError } from '@flowline/events';

import type { BenchProgram } from '../support/program.ts';
import { environmentFolder, environmentPython, peersFolder } from '../support/python.ts';

/**
 * Creates the peers' virtual environment, or updates it to requirements.txt. pip caches its
 * downloads.
 */
export const program: BenchProgram = {
  async run() {
    if (!existsSync(environmentPython)) execute('python3', ['-m', 'venv', environmentFolder]);
    const requirements = path.join(peersFolder, 'requirements.txt');
    const pip = ['-m', 'pip', '--disable-pip-version-check', 'install', '--quiet', '--no-deps', '--requirement'];
    execute(environmentPython, [...pip, requirements]);
    if (process.platform === 'linux' && process.arch === 'x64') {
      execute(environmentPython, [path.join(peersFolder, 'cpu_torch.py')]);
    }
    console.log(`The peers are installed in ${path.relative(process.cwd(), environmentFolder)}.`);
    return Promise.resolve();
  },
};

function execute(command: string, args: readonly string[]): void {
  const { status, error } = spawnSync(command, args, { stdio: 'inherit' });
  if (status === 0) return;
  throw new FlowlineError('FLOWLINE_USAGE', `${command} ${args.join(' ')} failed`, {
    where: 'bench peers-install',
    remedy:
      'The peers need Python 3.11 or newer with venv, pip and its registry, and on Linux cc and nm (package gcc).',
    cause: error,
  });
}
