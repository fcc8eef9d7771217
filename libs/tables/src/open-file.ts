import { createReadStream } from 'node:fs';
import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';

import { at } from '@flowline/events';

import { isGzip, refuseForeign, SIGNATURE_BYTES } from './signatures.ts';

/**
 * Opens a file of text (`-`: standard input). What gzip has compressed is decompressed, whatever
 * the name of the file.
 * @returns a stream that fails with FlowlineError FLOWLINE_FILE_UNREADABLE for content of another
 *   kind, such as a spreadsheet, and with the system's error for a file that cannot be read.
 */
export function openFile(file: string): Readable {
  const source: Readable = file === '-' ? process.stdin : createReadStream(file);
  const opened = Readable.from(contentOf(source, file), { objectMode: false });
  // A reader that stops early does not wait for the source to say more.
  opened.once('close', () => source.destroy());
  return opened;
}

async function* contentOf(source: Readable, file: string): AsyncGenerator<Uint8Array> {
  const chunks = (source as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
  const head = await headOf(chunks);
  refuseForeign(head, file);
  const whole = restOf(head, chunks);
  // An error of the source reaches the reader of the decompressed stream.
  yield* isGzip(head) ? pipeline(Readable.from(whole), createGunzip(), () => undefined) : whole;
}

/** The first bytes of a stream: enough to tell what they are, or all. */
async function headOf(chunks: AsyncIterator<Uint8Array>): Promise<Uint8Array> {
  const read: Uint8Array[] = [];
  let bytes = 0;
  while (bytes < SIGNATURE_BYTES) {
    const next = await chunks.next();
    if (next.done === true) break;
    read.push(next.value);
    bytes += next.value.byteLength;
  }
  return read.length === 1 ? at(read, 0) : Buffer.concat(read);
}

async function* restOf(head: Uint8Array, chunks: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  if (head.byteLength > 0) yield head;
  for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) yield next.value;
}
