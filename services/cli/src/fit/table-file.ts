import { FlowlineError } from '@flowline/events';
import { type DataTable, type FileFormat, formatOf, readTable, tableFormats } from '@flowline/tables';

import { parseChoice } from '../parse-options.ts';

/** Options of commands that read a file of rows. */
export interface FileOptions {
  readonly format?: string;
  readonly delimiter?: string;
}

/**
 * Format of a file of rows, by the options or else its name.
 * @throws FlowlineError FLOWLINE_USAGE.
 */
export function fileFormat(file: string, { format, delimiter }: FileOptions): FileFormat {
  const named = formatOf(file);
  const kind = format ?? named.kind ?? (file === '-' ? 'ndjson' : undefined);
  if (kind === undefined) {
    throw new FlowlineError('FLOWLINE_USAGE', `The name of ${file} does not tell its format.`, {
      where: file,
      remedy: `Say --format ${tableFormats.join(', --format ')}, or name it .csv, .ndjson or .parquet (each also .gz).`,
    });
  }
  return {
    kind: parseChoice('--format', kind, tableFormats),
    delimiter: delimiter === undefined ? named.delimiter : parseDelimiter(delimiter),
  };
}

/** A separator of cells: one character, of which a shell passes `\t` as two. */
function parseDelimiter(text: string): string {
  const delimiter = text === '\\t' ? '\t' : text;
  if (/^[^"\r\n]$/u.test(delimiter)) return delimiter;
  throw new FlowlineError('FLOWLINE_USAGE', `--delimiter is ${JSON.stringify(text)}; expected one character.`, {
    where: '--delimiter',
    remedy: "Say --delimiter ';', for instance.",
  });
}

/** Reads a file of rows as a table. */
export const readTableFile = (file: string, options: FileOptions): Promise<DataTable> =>
  readTable(file, { format: fileFormat(file, options) });

/**
 * Names in the value of an option, separated by commas. A name that contains a comma is quoted, as
 * in CSV: `--ignore 'id,"price, EUR"'`.
 */
export function namesOf(option: string | undefined): readonly string[] {
  const parts = (option ?? '').match(/"(?:[^"]|"")*"|[^,]+/g) ?? [];
  return parts
    .map((part) => part.trim())
    .map((name) => (/^".*"$/s.test(name) ? name.slice(1, -1).replaceAll('""', '"') : name))
    .filter((name) => name !== '');
}
