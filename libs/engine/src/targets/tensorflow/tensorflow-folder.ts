import { homedir } from 'node:os';
import path from 'node:path';

/**
 * Folder whose node_modules holds the tfjs-node that `npm run tensorflow:install` installed:
 * FLOWLINE_TENSORFLOW_DIR, or `tensorflow` in Flowline's cache folder.
 * scripts/install-tensorflow.mjs follows the same rule.
 */
export const tensorflowFolder = (env: NodeJS.ProcessEnv = process.env): string => {
  const { FLOWLINE_TENSORFLOW_DIR: named = '', FLOWLINE_CACHE_DIR: cache = '', XDG_CACHE_HOME: xdg = '' } = env;
  if (named !== '') return path.resolve(named);
  const base = path.isAbsolute(xdg) ? xdg : path.join(homedir(), '.cache');
  return path.join(cache === '' ? path.join(base, 'flowline') : cache, 'tensorflow');
};
