import { chmod, cp, mkdtemp } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';

import { firstClosedFolder } from './closed-folder.ts';
import { nativeFolder } from './native-folder.ts';
import { standInUser, type User } from './stand-in-user.ts';

/** Place of a server on this machine, and the user who runs it. */
export interface ServerPlace {
  /** Folder of the server's files. */
  readonly folder: string;
  /** Folder of its data, in `folder`. */
  readonly data: string;
  /** Folder of its binaries. */
  readonly native: string;
  /** User who runs the server; null for the current user. */
  readonly user: User | null;
  /** Reason why `folder` is not the requested one; null if it is. */
  readonly movedBecause: string | null;
}

/**
 * Chooses the place of a new server: the wanted folder, unless the server runs as another user who
 * cannot reach it. Binaries out of that user's reach are copied.
 */
export async function placeServer(wanted: string): Promise<ServerPlace> {
  const user = process.getuid?.() === 0 ? standInUser() : null;
  const native = nativeFolder();
  if (user === null) return { folder: wanted, data: dataOf(wanted), native, user, movedBecause: null };
  const closed = await firstClosedFolder(path.dirname(wanted));
  const folder = closed === null ? wanted : await openFolder();
  const isNativeClosed = (await firstClosedFolder(native)) !== null;
  return {
    folder,
    data: dataOf(folder),
    native: isNativeClosed ? await copyOf(native, path.join(folder, 'native')) : native,
    user,
    movedBecause: closed === null ? null : `only root may enter ${closed}, and Postgres does not run as root`,
  };
}

const dataOf = (folder: string): string => path.join(folder, 'data');

async function openFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'flowline-postgres-'));
  await chmod(folder, 0o755);
  return folder;
}

async function copyOf(from: string, to: string): Promise<string> {
  await cp(from, to, { recursive: true, verbatimSymlinks: true });
  return to;
}
