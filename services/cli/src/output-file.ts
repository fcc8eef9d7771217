import { randomUUID } from 'node:crypto';
import type { Stats } from 'node:fs';
import { access, constants, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';

import { FlowlineError, messageOf } from '@flowline/events';

/**
 * Checks before a long work that its result can be written: the folder is there and can be written
 * to, and the file is none of those that are read.
 * @throws FlowlineError FLOWLINE_OUTPUT_FAILED, FLOWLINE_USAGE.
 */
export async function checkOutput(file: string, inputs: readonly string[]): Promise<void> {
  const found = await statOf(file);
  if (found?.isDirectory() === true) throw failed(file, 'it is a folder', 'Name a file in it.');
  if (found === null) {
    const folder = path.dirname(file);
    if ((await statOf(folder))?.isDirectory() !== true) {
      throw failed(file, `there is no folder ${folder}`, `Create it: mkdir -p ${folder}`);
    }
    await canWrite(folder, file);
    return;
  }
  await canWrite(file, file);
  for (const input of inputs) {
    const read = input === '-' ? null : await statOf(input);
    if (read?.ino !== found.ino || read.dev !== found.dev) continue;
    throw new FlowlineError('FLOWLINE_USAGE', `${file} is read, and would be overwritten.`, {
      where: file,
      remedy: 'Name another file for the result.',
    });
  }
}

/**
 * Writes a result to a file, whole or not at all: what was there stays until all of it is written.
 * A device or pipe is written to as it is.
 * @param options `isNew`: a file that is there is left as it is, which is an error.
 * @throws FlowlineError FLOWLINE_OUTPUT_FAILED.
 */
export async function writeOutput(
  file: string,
  content: string | Uint8Array,
  { isNew = false }: { readonly isNew?: boolean } = {},
): Promise<void> {
  try {
    const found = await statOf(file);
    if (isNew) await writeFile(file, content, { flag: 'wx' });
    else if (found !== null && !found.isFile()) await writeFile(file, content);
    // A link stays one, to the new content.
    else await replace(found === null ? file : await realpath(file), content, found?.mode);
  } catch (cause) {
    if (codeOf(cause) === 'EEXIST') throw existing(file);
    throw failed(file, reasonOf(cause), 'Name another file, or make room for it.', cause);
  }
}

/** Error for a file that is there, and would have to be overwritten. */
export const existing = (file: string): FlowlineError =>
  new FlowlineError('FLOWLINE_OUTPUT_FAILED', `${file} exists and is left as it is.`, {
    where: file,
    remedy: 'Name another file, or say --force.',
  });

async function replace(file: string, content: string | Uint8Array, mode: number | undefined): Promise<void> {
  const partial = path.join(path.dirname(file), `.${path.basename(file).slice(0, 200)}.${randomUUID()}.partial`);
  try {
    await writeFile(partial, content, { flag: 'wx', ...(mode !== undefined && { mode }) });
    await rename(partial, file);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}

/** File or folder at a path; null if there is nothing. */
async function statOf(file: string): Promise<Stats | null> {
  try {
    return await stat(file);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(codeOf(error))) return null;
    throw failed(file, reasonOf(error), 'Check the path.', error);
  }
}

async function canWrite(place: string, file: string): Promise<void> {
  try {
    await access(place, constants.W_OK);
  } catch (cause) {
    throw failed(file, reasonOf(cause), 'Name another file, or change the permissions.', cause);
  }
}

const codeOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';

/** Descriptions of the errors of writing, by code. */
const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  EROFS: 'the file system is read-only',
  ENOSPC: 'no space is left on the device',
  EDQUOT: 'the quota of disk space is used up',
  ENAMETOOLONG: 'the name is too long',
};

function reasonOf(error: unknown): string {
  const code = codeOf(error);
  return (Object.hasOwn(REASONS, code) ? REASONS[code] : undefined) ?? messageOf(error);
}

const failed = (file: string, reason: string, remedy: string, cause?: unknown): FlowlineError =>
  new FlowlineError('FLOWLINE_OUTPUT_FAILED', `${file} cannot be written: ${reason}.`, { where: file, remedy, cause });
