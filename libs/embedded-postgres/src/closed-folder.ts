import { stat } from 'node:fs/promises';
import path from 'node:path';

/**
 * Finds the first folder on the way to a path that others may not enter; null if there is none. The
 * way ends where the path does not exist yet.
 */
export async function firstClosedFolder(target: string): Promise<string | null> {
  const { root } = path.parse(path.resolve(target));
  let folder = root;
  for (const part of path.relative(root, path.resolve(target)).split(path.sep)) {
    folder = path.join(folder, part);
    const found = await stat(folder).catch(() => null);
    if (found === null) return null;
    if ((found.mode & 0o001) === 0) return folder;
  }
  return null;
}
