import { open, readFile, stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';

import { FlowlineError, messageOf } from '@flowline/events';
import { type AsyncBuffer, asyncBufferFromFile, type FileMetaData, parquetMetadataAsync } from 'hyparquet';

import { checkNames } from './column-names.ts';
import { isGzip, SIGNATURE_BYTES } from './signatures.ts';
import { unreadable } from './unreadable.ts';

/** Opened Parquet file. */
export interface ParquetFile {
  readonly buffer: AsyncBuffer;
  readonly metadata: FileMetaData;
  /** Names of its columns, in its order. */
  readonly names: readonly string[];
}

/** Most bytes of a compressed Parquet file that are decompressed in memory: 1 GiB. */
const MOST_BYTES = 2 ** 30;
/** Bytes that mark the beginning and the end. */
const MAGIC = 'PAR1';
/** The shortest file: both marks, and the length of the metadata. */
const LEAST_BYTES = 12;

/**
 * Opens a Parquet file, also one that gzip has compressed as a whole.
 * @throws FlowlineError FLOWLINE_FILE_UNREADABLE, also for a file that is not Parquet;
 *   FLOWLINE_USAGE for standard input or a pipe.
 */
export async function openParquet(file: string): Promise<ParquetFile> {
  const buffer = await bufferOf(file).catch((cause: unknown) => {
    throw unreadable(file, cause);
  });
  await checkMarks(buffer, file);
  const metadata = await parquetMetadataAsync(buffer).catch((cause: unknown) => {
    throw damaged(file, cause);
  });
  const names = namesOf(metadata.schema);
  checkNames(names, file);
  return { buffer, metadata, names };
}

async function bufferOf(file: string): Promise<AsyncBuffer> {
  if (file === '-') throw notAFile(file);
  const found = await stat(file);
  if (!found.isFile() && !found.isDirectory()) throw notAFile(file);
  const handle = await open(file);
  try {
    const head = new Uint8Array(SIGNATURE_BYTES);
    await handle.read(head, 0, SIGNATURE_BYTES, 0);
    if (!isGzip(head)) return await asyncBufferFromFile(file);
  } finally {
    await handle.close();
  }
  const bytes = await promisify(gunzip)(await readFile(file), { maxOutputLength: MOST_BYTES });
  return {
    byteLength: bytes.byteLength,
    slice: (start, end) => Uint8Array.from(bytes.subarray(start, end)).buffer,
  };
}

/** Checks the bytes that mark the beginning and the end. */
async function checkMarks(buffer: AsyncBuffer, file: string): Promise<void> {
  const begins = buffer.byteLength >= LEAST_BYTES && (await isMarked(buffer, 0));
  if (begins && (await isMarked(buffer, -MAGIC.length))) return;
  const finding = begins ? `${file} is cut off: its end is none of Parquet.` : `${file} is not a Parquet file.`;
  throw new FlowlineError('FLOWLINE_FILE_UNREADABLE', finding, {
    where: file,
    remedy: begins
      ? 'Copy or download it again.'
      : 'Name its format (--format csv, --format ndjson), or write it again.',
  });
}

/** True if the four bytes at a place are those that mark Parquet. */
async function isMarked(buffer: AsyncBuffer, start: number): Promise<boolean> {
  const from = start < 0 ? buffer.byteLength + start : start;
  return Buffer.from(await buffer.slice(from, from + MAGIC.length)).toString('latin1') === MAGIC;
}

/** Names of the first level of a schema, which is a tree, written depth first. */
function namesOf(schema: FileMetaData['schema']): string[] {
  const names: string[] = [];
  const columns = schema[0]?.num_children ?? 0;
  for (let i = 1; names.length < columns && i < schema.length; i = afterElement(schema, i)) {
    names.push(schema[i]?.name ?? '');
  }
  return names;
}

/** Index after an element of a schema and those within it. */
function afterElement(schema: FileMetaData['schema'], index: number): number {
  let next = index + 1;
  for (let children = schema[index]?.num_children ?? 0; children > 0; children--) next = afterElement(schema, next);
  return next;
}

/** Error for a Parquet file whose content cannot be read. */
export const damaged = (file: string, cause: unknown): FlowlineError =>
  new FlowlineError('FLOWLINE_FILE_UNREADABLE', `The Parquet file ${file} cannot be read: ${messageOf(cause)}`, {
    where: file,
    remedy: 'Check that it is complete; rewrite it with the compression zstd, snappy or gzip.',
    cause,
  });

const notAFile = (file: string): FlowlineError =>
  new FlowlineError('FLOWLINE_USAGE', 'Parquet is read from its end and cannot come from standard input or a pipe.', {
    where: file,
    remedy: 'Name a file.',
  });
