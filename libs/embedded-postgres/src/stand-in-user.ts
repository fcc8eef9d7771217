import { execFileSync } from 'node:child_process';

import { FlowlineError } from '@flowline/events';

/** A user and a group of this machine, by number. */
export interface User {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Users to run Postgres as if the current user is root, which Postgres refuses. `nobody` exists
 * everywhere.
 */
const STAND_IN_USERS = ['postgres', 'nobody'];

/**
 * Finds a user to run Postgres as in place of root.
 * @throws FlowlineError FLOWLINE_DATABASE_UNREACHABLE if there is none.
 */
export function standInUser(): User {
  for (const name of STAND_IN_USERS) {
    try {
      const idOf = (flag: string) => Number(execFileSync('id', [flag, name], { stdio: ['ignore', 'pipe', 'ignore'] }));
      return { uid: idOf('-u'), gid: idOf('-g') };
    } catch {
      continue; // no such user: try the next
    }
  }
  throw new FlowlineError(
    'FLOWLINE_DATABASE_UNREACHABLE',
    'Postgres does not run as root, and there is no user to run it as.',
    {
      where: STAND_IN_USERS.join(', '),
      remedy: 'Run this as another user.',
    },
  );
}
