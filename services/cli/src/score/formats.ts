/** The formats of events in files. */
export const formats = ['csv', 'ndjson'] as const;
export type Format = (typeof formats)[number];

/** The format of a file by its name; undefined where the name does not say. */
export function formatOf(file: string): Format | undefined {
  if (/\.csv$/i.test(file)) return 'csv';
  return /\.(ndjson|jsonl)$/i.test(file) ? 'ndjson' : undefined;
}
