import { printable } from '@flowline/events';
import type { ScoredRow } from '@flowline/operations/scoring';

import { explanationTable, type Features } from '../anomalies/explain-anomalies.ts';
import { formatNumber } from '../output.ts';

/** Describes explained events: of each its score, its summary and a table of its features. */
export function explainRows(rows: readonly ScoredRow[], features: Features): string {
  return rows.map((row) => [headOf(row), ...explanationOf(row, features)].join('\n')).join('\n\n');
}

function headOf(row: ScoredRow): string {
  const names = [
    `event ${row.row}`,
    ...(row.id === null ? [] : [printable(row.id)]),
    ...(row.time === null ? [] : [printable(row.time)]),
    ...(row.entity === null ? [] : [`of ${printable(row.entity)}`]),
  ].join(', ');
  if ('error' in row) return `${names}: could not be scored (${row.error.reason}): ${row.error.message}`;
  const verdict = row.anomaly ? 'an anomaly' : 'no anomaly';
  return `${names}: ${verdict}, ${row.surpriseBits.toFixed(1)} bits, p-value ${formatNumber(row.pValue, 2)}`;
}

function explanationOf(row: ScoredRow, features: Features): string[] {
  if ('error' in row || row.explanation === undefined) return [];
  const values = { ...row.explanation, observed: row.observed ?? {} };
  return [`  ${values.summary}`, explanationTable(values, features)];
}
