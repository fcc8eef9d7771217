import { readFile } from 'node:fs/promises';

import { FlowlineError } from '@flowline/events';

/**
 * Reads the bytes of a model file.
 * @throws FlowlineError FLOWLINE_FILE_UNREADABLE.
 */
export async function readModelFile(file: string): Promise<Uint8Array> {
  try {
    return await readFile(file);
  } catch (cause) {
    throw new FlowlineError(
      'FLOWLINE_FILE_UNREADABLE',
      `The model ${file} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`,
      {
        where: file,
        remedy: 'Check the path; `flowline models export <detector>` writes one.',
        cause,
      },
    );
  }
}
