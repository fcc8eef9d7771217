import type { Format } from './formats.ts';

/** A row of a file with its score, or with what was wrong with it. */
export type ScoredRow =
  | {
      readonly row: number;
      readonly logDensityNats: number;
      readonly pValue: number;
      readonly surpriseBits: number;
      readonly anomaly: boolean;
      /** Why it is one, in a line; only where explanations were asked for. */
      readonly summary?: string;
    }
  | { readonly row: number; readonly error: { readonly reason: string; readonly message: string } };

const COLUMNS = 'row,log_density_nats,p_value,surprise_bits,anomaly,summary,error';

/** The line that a file of scores begins with; empty for NDJSON. */
export const scoresHeader = (format: Format): string => (format === 'csv' ? `${COLUMNS}\n` : '');

/** A scored row as a line. */
export function scoreLine(scored: ScoredRow, format: Format): string {
  if (format === 'ndjson') return `${JSON.stringify(scored)}\n`;
  const cells =
    'error' in scored
      ? [scored.row, '', '', '', '', '', `${scored.error.reason}: ${scored.error.message}`]
      : [
          scored.row,
          scored.logDensityNats,
          scored.pValue,
          scored.surpriseBits,
          scored.anomaly,
          scored.summary ?? '',
          '',
        ];
  return `${cells.map((cell) => quoted(String(cell))).join(',')}\n`;
}

const quoted = (cell: string): string => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
