import { createReadStream } from 'node:fs';
import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';

import { FlowlineError, messageOf } from '@flowline/events';

import type { FileFormat } from './formats.ts';

/** Opens a file (`-`: standard input), decompressed. */
export function openFile(file: string, { gzip }: Pick<FileFormat, 'gzip'>): Readable {
  const stream = file === '-' ? process.stdin : createReadStream(file);
  // An error of the file reaches the reader of the decompressed stream.
  return gzip ? pipeline(stream, createGunzip(), () => undefined) : stream;
}

/** Error for a file that cannot be read, from the error that says why. */
export function unreadable(file: string, cause: unknown): FlowlineError {
  if (cause instanceof FlowlineError) return cause;
  return new FlowlineError('FLOWLINE_FILE_UNREADABLE', `${file} cannot be read: ${messageOf(cause)}`, {
    where: file,
    remedy: 'Check the path and its permissions.',
    cause,
  });
}
