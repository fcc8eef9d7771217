import { homedir } from 'node:os';
import path from 'node:path';

import type { Environment } from './secret.ts';

/** Where Flowline keeps what it can make again, by the XDG convention: `$XDG_CACHE_HOME/flowline`, or `~/.cache/flowline`. */
export function defaultCacheFolder({ XDG_CACHE_HOME: base }: Environment): string {
  // The convention has relative paths ignored.
  const folder = base !== undefined && path.isAbsolute(base) ? base : path.join(homedir(), '.cache');
  return path.join(folder, 'flowline');
}
