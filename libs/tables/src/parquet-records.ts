import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';

import { FlowlineError, messageOf, Numeral } from '@flowline/events';
import { type AsyncBuffer, asyncBufferFromFile, type FileMetaData, parquetMetadataAsync } from 'hyparquet';
import { parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';

import { unreadable } from './open-file.ts';

type Fields = Readonly<Record<string, unknown>>;

/**
 * Reads the records of a Parquet file, a row group at a time. Times become ISO 8601 text, and
 * numbers beyond float64 keep their digits.
 * @throws FlowlineError FLOWLINE_FILE_UNREADABLE, also for a file that is not Parquet, or one with
 *   a codec or type that is not supported.
 */
export async function* parquetRecords(file: string, { gzip }: { readonly gzip: boolean }): AsyncGenerator<Fields[]> {
  if (file === '-') throw fromStandardInput();
  const buffer = await bufferOf(file, gzip);
  const metadata = await metadataOf(file, buffer);
  let rowStart = 0;
  for (const group of metadata.row_groups) {
    const rowEnd = rowStart + Number(group.num_rows);
    const rows = await parquetReadObjects({ file: buffer, metadata, compressors, rowStart, rowEnd }).catch(
      (cause: unknown) => {
        throw damaged(file, cause);
      },
    );
    yield rows.map((row) => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plain(value)])));
    rowStart = rowEnd;
  }
}

/** Names of the columns of a Parquet file, in its order. */
export async function parquetColumns(file: string, { gzip }: { readonly gzip: boolean }): Promise<readonly string[]> {
  if (file === '-') throw fromStandardInput();
  const { schema } = await metadataOf(file, await bufferOf(file, gzip));
  const [root] = schema;
  const names: string[] = [];
  // The schema is a tree, written depth first; its first level is the columns.
  for (let i = 1; names.length < (root?.num_children ?? 0) && i < schema.length; i = afterElement(schema, i)) {
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

async function bufferOf(file: string, gzip: boolean): Promise<AsyncBuffer> {
  try {
    if (!gzip) return await asyncBufferFromFile(file);
    const bytes = await promisify(gunzip)(await readFile(file));
    const whole = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
    return { byteLength: whole.byteLength, slice: (start, end) => whole.slice(start, end) };
  } catch (cause) {
    throw unreadable(file, cause);
  }
}

async function metadataOf(file: string, buffer: AsyncBuffer): Promise<FileMetaData> {
  const isParquet = buffer.byteLength >= 12 && (await magicOf(buffer, 0)) && (await magicOf(buffer, -4));
  if (!isParquet) {
    throw new FlowlineError('FLOWLINE_FILE_UNREADABLE', `${file} is not a Parquet file.`, {
      where: file,
      remedy: 'It begins and ends with other bytes than PAR1: name its format (--format), or write it again.',
    });
  }
  try {
    return await parquetMetadataAsync(buffer);
  } catch (cause) {
    throw damaged(file, cause);
  }
}

/** True if the four bytes at a place are those that mark Parquet. */
async function magicOf(buffer: AsyncBuffer, start: number): Promise<boolean> {
  const from = start < 0 ? buffer.byteLength + start : start;
  return Buffer.from(await buffer.slice(from, from + 4)).toString('latin1') === 'PAR1';
}

/** A value as JSON and CSV have it: times as text, exact numbers, NaN as missing. */
function plain(value: unknown): unknown {
  if (value === undefined || Number.isNaN(value)) return null;
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : new Numeral(`${value}`);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plain(inner)]));
  }
  return value;
}

const damaged = (file: string, cause: unknown): FlowlineError =>
  new FlowlineError('FLOWLINE_FILE_UNREADABLE', `The Parquet file ${file} cannot be read: ${messageOf(cause)}`, {
    where: file,
    remedy: 'Check that it is complete; rewrite it with the compression zstd, snappy or gzip.',
    cause,
  });

const fromStandardInput = (): FlowlineError =>
  new FlowlineError('FLOWLINE_USAGE', 'Parquet is read from its end and cannot come from standard input.', {
    where: '-',
    remedy: 'Name the file.',
  });
