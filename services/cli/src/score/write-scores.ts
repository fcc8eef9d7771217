import { printable, printableJson } from '@flowline/events';
import type { ScoredRow } from '@flowline/operations/scoring';

import type { OutputFormat } from './formats.ts';

const COLUMNS = 'row,time,id,entity,log_density_nats,p_value,surprise_bits,anomaly,summary,observed,error';

/** First line of a file of scores; empty for NDJSON. */
export const scoresHeader = (format: OutputFormat): string => (format === 'csv' ? `${COLUMNS}\n` : '');

/** Maximum length of a cell on a terminal. */
const CELL_CHARACTERS = 300;

/**
 * Formats a scored row as a line, with its values unchanged.
 * @param onTerminal makes the cells of CSV, which has no escapes, safe to print on a terminal.
 */
export function scoreLine(scored: ScoredRow, format: OutputFormat, onTerminal = false): string {
  if (format === 'ndjson') return `${printableJson(JSON.stringify(scored))}\n`;
  const { row, time, id, entity } = scored;
  const names = [row, time ?? '', id ?? '', entity ?? ''];
  const cells =
    'error' in scored
      ? [...names, '', '', '', '', '', '', `${scored.error.reason}: ${scored.error.message}`]
      : [
          ...names,
          scored.logDensityNats,
          scored.pValue,
          scored.surpriseBits,
          scored.anomaly,
          scored.summary ?? '',
          scored.observed === undefined ? '' : JSON.stringify(scored.observed),
          '',
        ];
  return csvLine(cells, onTerminal);
}

/**
 * Formats cells as a line of CSV.
 * @param onTerminal makes them safe to print on a terminal, since CSV has no escapes.
 */
export function csvLine(cells: readonly (string | number | boolean)[], onTerminal = false, delimiter = ','): string {
  const quoted = cells.map((cell) => {
    // A number has nothing to quote, unless it may hold the delimiter.
    if (typeof cell !== 'string' && delimiter === ',') return cell;
    const shown = onTerminal ? printable(String(cell), CELL_CHARACTERS) : String(cell);
    return /["\r\n]/.test(shown) || shown.includes(delimiter) ? `"${shown.replaceAll('"', '""')}"` : shown;
  });
  return `${quoted.join(delimiter)}\n`;
}
