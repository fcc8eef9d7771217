import { FlowlineError } from '@flowline/events';

import { type CsvRecord, CsvScanner } from './csv-scanner.ts';

/** Options of {@link csvRecords}. */
export interface CsvOptions {
  /** The file's name in messages. */
  readonly where: string;
  /** Separator of cells, one character (default a comma). */
  readonly delimiter?: string;
  /**
   * Maximum length of a record in characters (default 10 million). It also ends a quote that is
   * never closed.
   */
  readonly maxRecordLength?: number;
}

const MAX_RECORD_LENGTH = 10_000_000;

/**
 * Reads CSV as it arrives, holding a piece of the text and one record in memory. Skips empty lines;
 * the caller checks the number of cells. See {@link CsvScanner} for the dialect.
 * @throws FlowlineError FLOWLINE_FILE_UNREADABLE for text that is not UTF-8, a quote that is never
 *   closed, and a record above the maximum length.
 */
export async function* csvRecords(chunks: AsyncIterable<Uint8Array>, options: CsvOptions): AsyncGenerator<CsvRecord> {
  const { where, delimiter = ',', maxRecordLength = MAX_RECORD_LENGTH } = options;
  const scanner = new CsvScanner(delimiter);
  for await (const text of utf8(chunks, where)) {
    yield* scanner.push(text);
    if (scanner.pending > maxRecordLength) throw endless(where, scanner.line);
  }
  yield* scanner.end();
  if (scanner.pending > 0) throw endless(where, scanner.line);
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

function endless(where: string, line: number): FlowlineError {
  const finding = 'the record that begins there does not end: a double quote is not closed, or it is too long';
  return new FlowlineError('FLOWLINE_FILE_UNREADABLE', `${where}, line ${line}: ${finding}.`, {
    where: `${where}:${line}`,
    remedy: 'Close the quote, or write a quote within a quoted cell twice.',
  });
}
