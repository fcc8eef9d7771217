import { printable, printableJson } from '@flowline/events';

import type { Format } from './formats.ts';

/** Fields that tell an event of a file from the others; null where it has none. */
export interface RowNames {
  /** From 1, the header not counted. */
  readonly row: number;
  /** As they were written. */
  readonly time: string | null;
  readonly id: string | null;
  readonly entity: string | null;
}

/** A row of a file with its score, or with what was wrong with it. */
export type ScoredRow = RowNames &
  (
    | {
        readonly logDensityNats: number;
        readonly pValue: number;
        readonly surpriseBits: number;
        readonly anomaly: boolean;
        /** Why it is one, in a line, and its values; only where explanations were asked for. */
        readonly summary?: string;
        readonly observed?: Readonly<Record<string, number | string | null>>;
      }
    | { readonly error: { readonly reason: string; readonly message: string } }
  );

const COLUMNS = 'row,time,id,entity,log_density_nats,p_value,surprise_bits,anomaly,summary,observed,error';

/** The line that a file of scores begins with; empty for NDJSON. */
export const scoresHeader = (format: Format): string => (format === 'csv' ? `${COLUMNS}\n` : '');

/** The longest cell on a terminal. */
const CELL_CHARACTERS = 300;

/**
 * A scored row as a line, its values as they were.
 * @param onTerminal CSV has no escapes: on a terminal its cells are shown as people may see them.
 */
export function scoreLine(scored: ScoredRow, format: Format, onTerminal = false): string {
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
  const shown = cells.map((cell) => (onTerminal ? printable(String(cell), CELL_CHARACTERS) : String(cell)));
  return `${shown.map(quoted).join(',')}\n`;
}

const quoted = (cell: string): string => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
