/** Formats of files of rows. */
export const tableFormats = ['csv', 'ndjson', 'parquet'] as const;
export type TableFormat = (typeof tableFormats)[number];

/** Format of a file of rows, and its delimiter. Compression shows in the content. */
export interface FileFormat {
  readonly kind: TableFormat;
  /** Delimiter between the cells of CSV. */
  readonly delimiter: string;
}

/** Format that the name of a file tells. */
export interface NamedFormat {
  /** Undefined if the name does not tell. */
  readonly kind: TableFormat | undefined;
  readonly delimiter: string;
  /** True for a name that ends in .gz. */
  readonly gzip: boolean;
}

/**
 * Format of a file by its name: .csv, .tsv, .ndjson, .jsonl, .parquet or .pq, each also with .gz.
 */
export function formatOf(file: string): NamedFormat {
  const gzip = /\.gz$/i.test(file);
  const name = file.replace(/\.gz$/i, '');
  const delimiter = /\.tsv$/i.test(name) ? '\t' : ',';
  if (/\.[ct]sv$/i.test(name)) return { kind: 'csv', delimiter, gzip };
  if (/\.(parquet|pq)$/i.test(name)) return { kind: 'parquet', delimiter, gzip };
  return { kind: /\.(ndjson|jsonl)$/i.test(name) ? 'ndjson' : undefined, delimiter, gzip };
}
