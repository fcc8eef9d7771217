import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';

import { FlowlineError } from '@flowline/events';

/** A finite input, and the name under which its lines are known. */
export interface NdjsonInput {
  readonly name: string;
  readonly input: string | Readable;
}

/** What tells files of one name apart: their first line, up to this length. */
const FINGERPRINT_BYTES = 65_536;

/**
 * What `ndjson:PATH` reads. A file is known by its name and first line: read again, or grown, it goes on where it was left, while
 * another file of the same name begins anew. Standard input cannot be read again: each is a stream of its own.
 * @throws FlowlineError FLOWLINE_FILE_UNREADABLE.
 */
export async function ndjsonInput(file: string, stdin: Readable = process.stdin): Promise<NdjsonInput> {
  if (file === '-') return { name: `stdin#${new Date().toISOString()}-${process.pid}`, input: stdin };
  const line = await firstLine(file);
  const fingerprint = createHash('sha256').update(line).digest('hex').slice(0, 8);
  return { name: `${path.basename(file)}#${fingerprint}`, input: file };
}

async function firstLine(file: string): Promise<Uint8Array> {
  try {
    const handle = await open(file);
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(FINGERPRINT_BYTES), 0, FINGERPRINT_BYTES, 0);
      const read = buffer.subarray(0, bytesRead);
      const end = read.indexOf('\n');
      return end < 0 ? read : read.subarray(0, end);
    } finally {
      await handle.close();
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new FlowlineError('FLOWLINE_FILE_UNREADABLE', `${file} cannot be read: ${reason}`, {
      where: file,
      remedy: 'Check the path and its permissions.',
      cause: error,
    });
  }
}
