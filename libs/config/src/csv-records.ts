import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { FlowlineError } from '@flowline/events';
import { CsvError, type Options, parse } from 'csv-parse';

/** A CSV record and the line on which it begins. */
export interface CsvRecord {
  readonly line: number;
  /** Null is an empty cell without quotes, which is how COPY writes NULL; "" is empty text. */
  readonly cells: readonly (string | null)[];
}

/** Options of {@link csvRecords}. */
export interface CsvOptions {
  /** The file's name in messages. */
  readonly where: string;
  /** Separator of cells (default a comma). */
  readonly delimiter?: string;
  /**
   * Maximum length of a record in characters (default 10 million). It also ends a quote that is
   * never closed.
   */
  readonly maxRecordLength?: number;
}

const MAX_RECORD_LENGTH = 10_000_000;

/**
 * RFC 4180, and lenient where it is silent, like other readers: a quote inside a cell that does not
 * begin with one is literal.
 */
export const csvDialect = {
  bom: true,
  relax_quotes: true,
  relax_column_count: true,
  skip_empty_lines: true,
  record_delimiter: ['\r\n', '\n', '\r'],
  info: true,
  cast: (text: string, { quoting }: { readonly quoting: boolean }): string | null =>
    text === '' && !quoting ? null : text,
} satisfies Options;

interface Parsed {
  readonly info: { readonly lines: number };
  readonly record: readonly (string | null)[];
}

/**
 * Reads CSV as it arrives, holding one record in memory. Skips empty lines; the caller checks the
 * number of cells.
 * @throws FlowlineError FLOWLINE_FILE_UNREADABLE for text that is not UTF-8, a quote that is never
 *   closed, and a record above the maximum length.
 */
export async function* csvRecords(chunks: AsyncIterable<Uint8Array>, options: CsvOptions): AsyncGenerator<CsvRecord> {
  const { where, delimiter = ',', maxRecordLength = MAX_RECORD_LENGTH } = options;
  // Counted in the parser, because an error discards the records that it has parsed but not
  // delivered.
  let next = 1;
  const parser = parse({
    ...csvDialect,
    delimiter,
    max_record_size: maxRecordLength,
    on_record: ((record: Parsed) => {
      next = record.info.lines + 1;
      return record;
    }) as never,
  });
  const fed = pipeline(Readable.from(utf8(chunks, where)), parser);
  // Awaited below. Without this handler, a reader that stops early would leave the rejection
  // unhandled.
  fed.catch(() => undefined);
  try {
    for await (const { info, record } of parser as AsyncIterable<Parsed>) {
      yield { line: firstLine(info.lines, record), cells: record };
    }
    await fed;
  } catch (error) {
    throw error instanceof CsvError ? unreadable(error, where, next) : error;
  } finally {
    parser.destroy();
  }
}

/** Line on which a record begins, from the line on which it ends. Cells may contain line breaks. */
export function firstLine(lastLine: number, cells: readonly (string | null)[]): number {
  return cells.reduce((line, cell) => line - (cell?.match(/\r\n|\n|\r/g)?.length ?? 0), lastLine);
}

async function* utf8(chunks: AsyncIterable<Uint8Array>, where: string): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let bytes = 0;
  try {
    for await (const chunk of chunks) {
      yield decoder.decode(chunk, { stream: true });
      bytes += chunk.byteLength;
    }
    yield decoder.decode();
  } catch (cause) {
    const code = typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : null;
    if (code !== 'ERR_ENCODING_INVALID_ENCODED_DATA') throw cause;
    throw new FlowlineError('FLOWLINE_FILE_UNREADABLE', `${where} is not UTF-8 text after about ${bytes} bytes.`, {
      where,
      remedy: 'Convert it, for instance with iconv -f latin1 -t utf-8.',
      cause,
    });
  }
}

function unreadable(cause: CsvError, where: string, line: number): FlowlineError {
  const finding =
    cause.code === 'CSV_QUOTE_NOT_CLOSED' || cause.code === 'CSV_MAX_RECORD_SIZE'
      ? `the record that begins there does not end: a double quote is not closed, or it is too long`
      : cause.message;
  return new FlowlineError('FLOWLINE_FILE_UNREADABLE', `${where}, line ${line}: ${finding}.`, {
    where: `${where}:${line}`,
    remedy: 'Close the quote, or write a quote within a quoted cell twice.',
    cause,
  });
}
