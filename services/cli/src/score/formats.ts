/** Formats in which commands write rows. */
export const outputFormats = ['csv', 'ndjson'] as const;
export type OutputFormat = (typeof outputFormats)[number];
