/** The formats of events in files. */
export const formats = ['csv', 'ndjson'] as const;
export type Format = (typeof formats)[number];

/** A file's format, whole: what separates its cells, and whether it is packed. */
export interface FileFormat {
  readonly kind: Format;
  /** Between the cells of CSV. */
  readonly delimiter: string;
  readonly gzip: boolean;
}

/** The format of a file by its name (.csv, .tsv, .ndjson, .jsonl, each also .gz); kind is undefined where the name does not say. */
export function formatOf(file: string): Omit<FileFormat, 'kind'> & { readonly kind: Format | undefined } {
  const gzip = /\.gz$/i.test(file);
  const name = file.replace(/\.gz$/i, '');
  const delimiter = /\.tsv$/i.test(name) ? '\t' : ',';
  if (/\.[ct]sv$/i.test(name)) return { kind: 'csv', delimiter, gzip };
  return { kind: /\.(ndjson|jsonl)$/i.test(name) ? 'ndjson' : undefined, delimiter, gzip };
}
