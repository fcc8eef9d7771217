import { homedir } from 'node:os';
import path from 'node:path';

import type { Environment } from './secret.ts';

/**
 * Folder for files that Flowline can regenerate, by the XDG convention: `$XDG_CACHE_HOME/flowline`,
 * or `~/.cache/flowline`.
 */
export function defaultCacheFolder({ XDG_CACHE_HOME: base }: Environment): string {
  // XDG says to ignore relative paths.
  const folder = base !== undefined && path.isAbsolute(base) ? base : path.join(homedir(), '.cache');
  return path.join(folder, 'flowline');
}
