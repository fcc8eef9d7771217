import { readFile } from 'node:fs/promises';

import { FlowlineError, messageOf } from '@flowline/events';

/**
 * Reads the bytes of a model file.
 * @throws FlowlineError FLOWLINE_FILE_UNREADABLE.
 */
export async function readModelFile(file: string): Promise<Uint8Array> {
  try {
    return await readFile(file);
  } catch (cause) {
    throw new FlowlineError('FLOWLINE_FILE_UNREADABLE', `The model ${file} cannot be read: ${messageOf(cause)}`, {
      where: file,
      remedy: 'Check the path; `flowline models export <detector>` writes one.',
      cause,
    });
  }
}
