import { at, printable } from '@flowline/events';

import { formatCount, formatNumber, formatTable } from '../output.ts';
import { barsOf, hasTextCharts } from '../text-charts.ts';
import type { Evaluation } from './evaluate-table.ts';

const HEADER = ['', 'AUROC', 'average precision', 'recall at 1 % false alarms', 'CPU s'] as const;

/** Lines about an evaluation for a person; with bars of average precision, where these show. */
export function evaluationText(evaluation: Evaluation, hasBars: boolean = hasTextCharts()): string {
  const rows = rowsOf(evaluation);
  const precisions = rows.map(([, , precision]) => Number(precision));
  const bars = hasBars ? barsOf(precisions, 1) : null;
  const table =
    bars === null
      ? formatTable(HEADER, rows)
      : formatTable(
          [...HEADER, 'average precision'],
          rows.map((row, i) => [...row, at(bars, i)]),
        );
  return [headline(evaluation), table, ...notesOf(evaluation)].join('\n');
}

function headline({ data, rows, anomalies, features, protocol, trainedRows }: Evaluation): string {
  const kinds = `${formatCount(anomalies)} of ${formatCount(rows)} rows are anomalies; ${features} features`;
  return `${printable(data)}: ${kinds}. Protocol ${protocol}, trained on ${formatCount(trainedRows)} rows.`;
}

/** The detector, each of its seeds if there are several, and the baselines, best first. */
function rowsOf(evaluation: Evaluation): string[][] {
  const { seeds, baselines } = evaluation;
  const cells = (name: string, of: Omit<Evaluation['seeds'][number], 'seed' | 'alarms'>): string[] => [
    name,
    of.auroc.toFixed(4),
    of.averagePrecision.toFixed(4),
    of.recallAt1Percent.toFixed(3),
    formatNumber(of.seconds, 3),
  ];
  const each = seeds.length === 1 ? [] : seeds.map((seed) => cells(`  seed ${seed.seed}`, seed));
  const others = (baselines ?? []).toSorted((a, b) => b.auroc - a.auroc);
  return [cells('flowline', evaluation), ...each, ...others.map((other) => cells(other.method, other))];
}

function notesOf({ alarms, leftOut }: Evaluation): string[] {
  const percent = (share: number): string => `${formatNumber(100 * share, 2)} %`;
  const columns = leftOut.map(({ name, reason }) => `${printable(name)} (${reason})`).join(', ');
  return [
    `False alarms: asked ${percent(alarms.asked)} of the normal rows, raised ${percent(alarms.realised)}.`,
    ...(columns === '' ? [] : [`Left out: ${columns}.`]),
  ];
}
