import { FlowlineError } from '@flowline/events';

/** Content that is no text, or not in UTF-8, by its first bytes in hexadecimal. */
const FOREIGN: readonly (readonly [start: string, kind: string, remedy: string])[] = [
  ['5041523115', 'a Parquet file', 'Say --format parquet, or name it .parquet.'],
  ['504b0304', 'a ZIP archive or a spreadsheet', 'Unpack it, or save the sheet as CSV.'],
  ['d0cf11e0a1b11ae1', 'a spreadsheet or another document of Office', 'Save the sheet as CSV.'],
  ['28b52ffd', 'compressed with zstd', 'Decompress it first: zstd -d.'],
  ['fd377a585a00', 'compressed with xz', 'Decompress it first: xz -d.'],
  ['53514c69746520666f726d6174', 'an SQLite database', 'Export its table as CSV.'],
  ['fffe', 'UTF-16 text', 'Convert it: iconv -f utf-16 -t utf-8.'],
  ['feff', 'UTF-16 text', 'Convert it: iconv -f utf-16 -t utf-8.'],
];

/** Bytes from which the content of a file is known. */
export const SIGNATURE_BYTES = 16;

const hexOf = (head: Uint8Array): string => Buffer.from(head.subarray(0, SIGNATURE_BYTES)).toString('hex');

/** True for content that gzip has compressed. */
export const isGzip = (head: Uint8Array): boolean => hexOf(head).startsWith('1f8b');

/**
 * Refuses content that no format of text has.
 * @throws FlowlineError FLOWLINE_FILE_UNREADABLE.
 */
export function refuseForeign(head: Uint8Array, file: string): void {
  const hex = hexOf(head);
  const found = FOREIGN.find(([start]) => hex.startsWith(start));
  if (found === undefined) return;
  const [, kind, remedy] = found;
  throw new FlowlineError('FLOWLINE_FILE_UNREADABLE', `${file} is ${kind}, not UTF-8 text.`, { where: file, remedy });
}
