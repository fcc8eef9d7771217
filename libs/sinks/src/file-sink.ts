import { constants } from 'node:fs';
import { open } from 'node:fs/promises';

import { printableJson } from '@flowline/events';
import type { AlertSink } from '@flowline/stream';

import { unreachable } from './outcome.ts';

/** To append; a pipe that nobody reads fails at once, where it would hold a thread for ever. */
const APPEND = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK;

/**
 * Creates a sink that appends each message to a file as one line of JSON. A send resolves once the
 * lines are on the disk.
 */
export function createFileSink({ name, path }: { readonly name: string; readonly path: string }): AlertSink {
  const append = async (lines: string): Promise<void> => {
    const file = await open(path, APPEND, 0o666);
    try {
      if (!(await file.stat()).isFile()) throw Object.assign(new Error(), { code: 'not a regular file' });
      await file.appendFile(lines);
      await file.datasync();
    } finally {
      await file.close();
    }
  };
  return {
    name,
    send: async (messages) => {
      try {
        await append(messages.map(({ value }) => `${printableJson(value)}\n`).join(''));
        return [];
      } catch (error) {
        const failure = unreachable(name, error);
        return messages.map(({ messageId }) => ({ messageId, ...failure }));
      }
    },
    close: () => Promise.resolve(),
  };
}
