/** Formats of event files. */
export const formats = ['csv', 'ndjson'] as const;
export type Format = (typeof formats)[number];

/** Format of a file, with its delimiter and compression. */
export interface FileFormat {
  readonly kind: Format;
  /** Delimiter between the cells of CSV. */
  readonly delimiter: string;
  readonly gzip: boolean;
}

/**
 * Format of a file by its name (.csv, .tsv, .ndjson, .jsonl, each also with .gz). The kind is
 * undefined if the name does not tell.
 */
export function formatOf(file: string): Omit<FileFormat, 'kind'> & { readonly kind: Format | undefined } {
  const gzip = /\.gz$/i.test(file);
  const name = file.replace(/\.gz$/i, '');
  const delimiter = /\.tsv$/i.test(name) ? '\t' : ',';
  if (/\.[ct]sv$/i.test(name)) return { kind: 'csv', delimiter, gzip };
  return { kind: /\.(ndjson|jsonl)$/i.test(name) ? 'ndjson' : undefined, delimiter, gzip };
}
