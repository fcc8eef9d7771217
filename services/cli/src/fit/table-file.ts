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
function fileFormat(file: string, { format, delimiter }: FileOptions): FileFormat {
  const named = formatOf(file);
  const kind = format ?? named.kind ?? (file === '-' ? 'ndjson' : undefined);
  if (kind === undefined) {
    throw new FlowlineError('FLOWLINE_USAGE', `The name of ${file} does not tell its format.`, {
      where: file,
      remedy: `Say --format ${tableFormats.join(', --format ')}, or name it .csv, .ndjson or .parquet (each also .gz).`,
    });
  }
  return { ...named, kind: parseChoice('--format', kind, tableFormats), delimiter: delimiter ?? named.delimiter };
}

/** Reads a file of rows as a table. */
export const readTableFile = (file: string, options: FileOptions): Promise<DataTable> =>
  readTable(file, { format: fileFormat(file, options) });

/** Names in the value of an option, separated by commas. */
export const namesOf = (option: string | undefined): readonly string[] =>
  (option ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
