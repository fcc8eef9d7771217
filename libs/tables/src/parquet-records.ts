import { Numeral } from '@flowline/events';
import { parquetRead } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';

import { damaged, openParquet, type ParquetFile } from './parquet-file.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Values that are decoded at once, which bounds the memory of a long row group: some 100 MB. */
const VALUES_AT_ONCE = 2 ** 22;
/** Most bytes of a page, whose length its file states. */
const MOST_PAGE_BYTES = 2 ** 29;

/** Rows of a Parquet file, as they are stored, and how to make records of them. */
interface StoredRows {
  readonly rows: readonly (readonly unknown[])[];
  /** Record of a row: times are ISO 8601 text, and numbers beyond float64 keep their digits. */
  readonly recordOf: (row: readonly unknown[]) => Fields;
}

/**
 * Reads the rows of a Parquet file, some thousand at a time.
 * @throws FlowlineError FLOWLINE_FILE_UNREADABLE, also for a file that is not Parquet, or one with
 *   a codec or type that is not supported.
 */
export async function* parquetRows(file: string): AsyncGenerator<StoredRows> {
  const opened = await openParquet(file);
  const { metadata, names } = opened;
  const recordOf = (row: readonly unknown[]): Fields =>
    Object.fromEntries(names.map((name, column) => [name, plain(row[column])]));
  const mostRows = Math.ceil(VALUES_AT_ONCE / Math.max(1, names.length));
  let start = 0;
  for (const group of metadata.row_groups) {
    const end = start + Number(group.num_rows);
    while (start < end) {
      const next = Math.min(end, start + mostRows);
      const rows = await rowsOf(opened, start, next).catch((cause: unknown) => {
        throw damaged(file, cause);
      });
      yield { rows, recordOf };
      start = next;
    }
  }
}

/** Reads the records of a Parquet file as {@link parquetRows} does. */
export async function* parquetRecords(file: string): AsyncGenerator<Fields> {
  for await (const { rows, recordOf } of parquetRows(file)) for (const row of rows) yield recordOf(row);
}

/** Names of the columns of a Parquet file, in its order. */
export const parquetColumns = async (file: string): Promise<readonly string[]> => (await openParquet(file)).names;

/** Rows from `start` to before `end`, by column. */
function rowsOf(
  { buffer, metadata, names }: ParquetFile,
  rowStart: number,
  rowEnd: number,
): Promise<readonly (readonly unknown[])[]> {
  return new Promise((resolve, reject) => {
    const columns = [...names];
    const options = { file: buffer, metadata, columns, compressors: boundedCompressors, rowStart, rowEnd };
    parquetRead({ ...options, rowFormat: 'array', utf8: false, useOffsetIndex: true, onComplete: resolve }).catch(
      reject,
    );
  });
}

const boundedCompressors = Object.fromEntries(
  Object.entries(compressors).map(([codec, decompress]) => [
    codec,
    (input: Uint8Array, length: number) => {
      // An empty page, as a column without a value has, is none of LZ4 by its decoder.
      if (length === 0) return new Uint8Array(0);
      if (length > MOST_PAGE_BYTES) throw new Error(`a page of ${length} bytes is too large`);
      return decompress(input, length);
    },
  ]),
);

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Text of bytes that say not whether they are text: their characters, or else hexadecimal. */
function textOf(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    // No UTF-8: two such values must not become one.
    return Buffer.from(bytes).toString('hex');
  }
}

/** A value as JSON and CSV have it: times as text, exact numbers, NaN as missing. */
function plain(value: unknown): unknown {
  if (value === undefined || Number.isNaN(value)) return null;
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : new Numeral(`${value}`);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (value instanceof Uint8Array) return textOf(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plain(inner)]));
  }
  return value;
}
