import { tableFormats } from '@flowline/tables';
import type { Command } from 'commander';

import { action, choice, command } from '../command.ts';
import { type EvaluationOptions, evaluationRequest, withEvaluationOptions } from '../evaluate/options.ts';
import { type FileOptions, readTableFile } from '../fit/table-file.ts';
import { printResult, printWarning } from '../output.ts';
import { checkReport, withReportOption, writeReport } from '../report/report-file.ts';

interface EvaluateOptions extends FileOptions, EvaluationOptions {
  readonly json?: true;
  readonly label: string;
  readonly report?: string | true;
}

/** `flowline evaluate FILE`: measures detection on a labelled file; needs no database. */
export function evaluateCommand(): Command {
  const created = command(
    'evaluate <file>',
    'Train and test on a labelled CSV, NDJSON or Parquet file: how well anomalies are ranked, and how often it alarms.',
    [
      'flowline evaluate thyroid.csv.gz --label label --seeds 3',
      'flowline evaluate transactions.parquet --label is_fraud --protocol contaminated --baselines',
      'flowline evaluate events.csv --label kind --normal ok --report --json | jq .auroc',
    ],
  ).requiredOption('--label <column>', 'column of the labels: 0 or false is normal, 1 or true an anomaly');
  return withReportOption(withEvaluationOptions(created))
    .option('--alpha <p>', 'false alarms to ask for, per normal row (default: 0.01)')
    .addOption(choice('--format <format>', 'default: by the name of the file', tableFormats))
    .option('--delimiter <text>', 'separator of CSV cells (default: a comma; a tab for .tsv)')
    .action(action(evaluateFile));
}

async function evaluateFile(file: string, options: EvaluateOptions): Promise<void> {
  const asked = evaluationRequest(options.label, options);
  const json = options.json === true;
  const report = await checkReport(options.report, [file]);
  const data = await readTableFile(file, options);
  const { evaluateTable, evaluationText } = await import('../evaluate/index.ts');
  const { commandLine, EvaluationRecord } = await import('../report/index.ts');
  const record = report === null ? null : new EvaluationRecord(asked);
  const evaluation = await evaluateTable(data, asked, (line) => process.stderr.write(`${line}\n`), record);
  evaluation.warnings.forEach(printWarning);
  printResult(evaluation, json, evaluationText);
  if (report !== null && record !== null) await writeReport(report, record.html(evaluation, commandLine()), json);
}
