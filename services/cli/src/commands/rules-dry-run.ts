import { loadDocuments } from '@flowline/config';
import { type DryRun, dryRun } from '@flowline/operations/documents';
import type { Command } from 'commander';

import { action, command } from '../command.ts';
import { formatCount, formatTable, printResult, printWarning } from '../output.ts';
import { parseMoment } from '../parse-options.ts';
import { withDatabase } from '../with-database.ts';

interface Options {
  readonly json?: true;
  readonly since: string;
}

/** `flowline rules dry-run FILE`: what rules would have hidden, by day and entity. */
export function dryRunCommand(): Command {
  return command('dry-run <file>', 'Show what the rules of a file would have done to stored anomalies.', [
    'flowline rules dry-run rules.yaml --since 7d',
  ])
    .option('--since <when>', 'earliest event time: a duration before now, or a time', '7d')
    .action(
      action(async (file: string, { json, since }: Options) => {
        const from = parseMoment('--since', since);
        const documents = await loadDocuments(file);
        const result = await withDatabase((db) => dryRun(db, documents, { from }));
        for (const { rule, message } of result.faults) printWarning(`${rule} is passed over: ${message}`);
        printResult(result, json === true, formatDryRun);
      }),
    );
}

function formatDryRun({ rows, examined, suppressedAlready, more }: DryRun): string {
  const suppressed = rows.reduce((sum, row) => sum + row.suppressed, 0);
  const already = suppressedAlready === 0 ? '' : `, ${formatCount(suppressedAlready)} suppressed already`;
  const limit = more ? '; there are more, later ones were examined first' : '';
  const total = `${formatCount(suppressed)} of ${formatCount(examined)} anomalies would be suppressed${already}${limit}`;
  if (rows.length === 0) return total;
  const table = formatTable(
    ['day', 'detector', 'entity', 'anomalies', 'suppressed', 'downgraded', 'tagged', 'not trained on'],
    rows.map((row) => [
      ...[row.day, row.detector, row.entity ?? ''],
      ...[row.anomalies, row.suppressed, row.downgraded, row.tagged, row.excludedFromTraining],
    ]),
  );
  return `${table}\n${total}`;
}
