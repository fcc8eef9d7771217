import { FlowlineError, parseJson } from '@flowline/events';
import type { FileRecord } from '@flowline/operations/scoring';
import { openFile, parsedLine, unreadable } from '@flowline/tables';

/** Largest text that is read as a whole. */
const MAX_BYTES = 10_000_000;

/**
 * Reads the records of a small file (`-`: standard input) that is one JSON value (an object, or a
 * list of objects) or NDJSON.
 * @throws FlowlineError FLOWLINE_FILE_UNREADABLE, also for one larger than 10 MB.
 */
export async function jsonRecords(file: string): Promise<readonly FileRecord[]> {
  const text = (await textOf(file)).replace(/^\ufeff/, '');
  const value = wholeValue(text);
  if (value !== undefined) {
    const values: readonly unknown[] = Array.isArray(value) ? value : [value];
    return values.map((each, i) => ({ row: i + 1, value: each }));
  }
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.map((line, i) => parsedLine(Buffer.from(line), i + 1));
}

/** Value of a text that is one JSON value; undefined for any other. */
function wholeValue(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

async function textOf(file: string): Promise<string> {
  const stream = openFile(file);
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of stream as AsyncIterable<Uint8Array>) {
      size += chunk.length;
      if (size > MAX_BYTES) throw tooLarge(file);
      chunks.push(chunk);
    }
  } catch (cause) {
    throw unreadable(file, cause);
  } finally {
    stream.destroy();
  }
  return Buffer.concat(chunks).toString('utf8');
}

const tooLarge = (file: string): FlowlineError =>
  new FlowlineError('FLOWLINE_FILE_UNREADABLE', `${file} is larger than ${MAX_BYTES} bytes.`, {
    where: file,
    remedy: 'Explain fewer events; `flowline score --explain` reads files of any size.',
  });
