import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { FlowlineError } from '@flowline/events';
import { CsvError, type Options, parse } from 'csv-parse';

/** A record of a CSV text, and the line it began on. */
export interface CsvRecord {
  readonly line: number;
  /** null: a cell of nothing, not even quotes, which is how COPY writes NULL; "" is empty text. */
  readonly cells: readonly (string | null)[];
}

/** Options of {@link csvRecords}. */
export interface CsvOptions {
  /** The file, as messages name it. */
  readonly where: string;
  /** Between cells (default a comma). */
  readonly delimiter?: string;
  /** The longest record, in characters (default 10 million): a quote that is never closed ends there. */
  readonly maxRecordLength?: number;
}

const MAX_RECORD_LENGTH = 10_000_000;

/** RFC 4180, and as lenient as other readers where it is silent: a quote within a cell that began without one is a quote. */
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
 * Reads CSV as it arrives: memory holds one record. Empty lines are skipped; what is wrong with a
 * record's width is for the caller to say.
 * @throws FlowlineError FLOWLINE_FILE_UNREADABLE for text that is not UTF-8, a quote that is never
 *   closed, and a record that is longer than the limit.
 */
export async function* csvRecords(chunks: AsyncIterable<Uint8Array>, options: CsvOptions): AsyncGenerator<CsvRecord> {
  const { where, delimiter = ',', maxRecordLength = MAX_RECORD_LENGTH } = options;
  // Counted as records are parsed: those that wait to be read are lost to an error.
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
  // It is awaited below; a reader that leaves early ends it as well.
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

/** The line that a record began on, from the one that it ends on: its cells may hold line breaks. */
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
