import { printableJson } from '@flowline/events';
import type { SampledRecord } from '@flowline/operations/scoring';

import type { OutputFormat } from './formats.ts';
import { csvLine } from './write-scores.ts';

const SCORES = ['log_density_nats', 'p_value'] as const;

/** Layout of drawn events as text. */
export interface SamplesLayout {
  /** Names of the features, in order. */
  readonly features: readonly string[];
  readonly format: OutputFormat;
  /** Separator of the cells of CSV (default a comma). */
  readonly delimiter?: string;
  /** True makes the cells of CSV, which has no escapes, safe to print on a terminal. */
  readonly onTerminal: boolean;
}

/**
 * Text of drawn events: a column (or key) per feature, then the scores. A missing value is an empty
 * cell, or null.
 */
export function samplesText(
  samples: readonly SampledRecord[],
  { features, format, delimiter = ',', onTerminal }: SamplesLayout,
): string {
  if (format === 'ndjson') {
    return samples
      .map(({ values, logDensityNats, pValue }) => {
        const line = { log_density_nats: logDensityNats, p_value: pValue };
        return `${printableJson(JSON.stringify({ ...values, ...line }))}\n`;
      })
      .join('');
  }
  const lines = samples.map(({ values, logDensityNats, pValue }) =>
    csvLine([...features.map((name) => values[name] ?? ''), logDensityNats, pValue], onTerminal, delimiter),
  );
  return csvLine([...features, ...SCORES], onTerminal, delimiter) + lines.join('');
}
