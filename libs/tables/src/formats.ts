/** Formats of files of rows. */
export const tableFormats = ['csv', 'ndjson', 'parquet'] as const;
export type TableFormat = (typeof tableFormats)[number];

/** Format of a file, with its delimiter and compression. */
export interface FileFormat {
  readonly kind: TableFormat;
  /** Delimiter between the cells of CSV. */
  readonly delimiter: string;
  readonly gzip: boolean;
}

/**
 * Format of a file by its name (.csv, .tsv, .ndjson, .jsonl, .parquet, each also with .gz). The
 * kind is undefined if the name does not tell.
 */
export function formatOf(file: string): Omit<FileFormat, 'kind'> & { readonly kind: TableFormat | undefined } {
  const gzip = /\.gz$/i.test(file);
  const name = file.replace(/\.gz$/i, '');
  const delimiter = /\.tsv$/i.test(name) ? '\t' : ',';
  if (/\.[ct]sv$/i.test(name)) return { kind: 'csv', delimiter, gzip };
  if (/\.(parquet|pq)$/i.test(name)) return { kind: 'parquet', delimiter, gzip };
  return { kind: /\.(ndjson|jsonl)$/i.test(name) ? 'ndjson' : undefined, delimiter, gzip };
}
