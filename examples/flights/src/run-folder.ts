import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';

/**
 * Creates a folder for this run under `parent`, so that concurrent demos share nothing. Removes the
 * folders of earlier runs, unless the process of a run, or a Postgres that it left running on
 * purpose, still exists.
 * @returns the path of the folder.
 */
export async function makeRunFolder(parent: string): Promise<string> {
  await mkdir(parent, { recursive: true });
  for (const name of await readdir(parent)) {
    const [, pid] = /^run-(\d+)(?:-\d+)?$/.exec(name) ?? [];
    if (pid === undefined || (Number(pid) !== process.pid && isAlive(Number(pid)))) continue;
    const folder = path.join(parent, name);
    if (!(await hasServer(folder))) await rm(folder, { recursive: true, force: true });
  }
  for (let life = 0; ; life++) {
    // Process ids are reused: a Postgres kept by an earlier process with this id keeps its folder.
    const folder = path.join(parent, life === 0 ? `run-${process.pid}` : `run-${process.pid}-${life}`);
    try {
      await mkdir(folder);
      return folder;
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
    }
  }
}

/** True if the Postgres of a run's folder is running. */
async function hasServer(folder: string): Promise<boolean> {
  const text = await readFile(path.join(folder, 'postgres/data/postmaster.pid'), 'utf8').catch(() => '');
  return isAlive(Number(text.split('\n')[0]));
}

function isAlive(pid: number): boolean {
  if (!(pid > 0)) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
}
