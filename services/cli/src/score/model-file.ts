import { readFile } from 'node:fs/promises';

import { loadBundle, type ModelBundle } from '@flowline/detector';
import { FlowlineError } from '@flowline/events';
import { unreadable } from '@flowline/tables';

/**
 * Reads the bytes of a model file.
 * @throws FlowlineError FLOWLINE_FILE_UNREADABLE.
 */
export async function readModelFile(file: string): Promise<Uint8Array> {
  try {
    return await readFile(file);
  } catch (cause) {
    const { message, remedy } = unreadable(file, cause);
    throw new FlowlineError('FLOWLINE_FILE_UNREADABLE', `The model ${message}`, {
      where: file,
      remedy: `${remedy ?? ''} \`flowline fit\` and \`flowline models export\` write models.`,
      cause,
    });
  }
}

/**
 * Loads the model of a file.
 * @throws FlowlineError FLOWLINE_FILE_UNREADABLE; FLOWLINE_MODEL_CORRUPTED or
 *   FLOWLINE_MODEL_INCOMPATIBLE for a file that is no model of this release.
 */
export async function loadModelFile(file: string): Promise<ModelBundle> {
  const bytes = await readModelFile(file);
  try {
    return loadBundle(bytes);
  } catch (cause) {
    if (!(cause instanceof FlowlineError)) throw cause;
    throw new FlowlineError(cause.code, `${file}: ${cause.message}`, {
      where: file,
      remedy: 'Name a file that `flowline fit` or `flowline models export` of this release wrote.',
      cause,
    });
  }
}
