import path from 'node:path';

import { modelFamilies } from '@flowline/config';
import { FlowlineError, printable } from '@flowline/events';
import { type DataTable, tableFormats } from '@flowline/tables';
import type { Command } from 'commander';

import { action, choice, command } from '../command.ts';
import type { FitPlan, FittedTable } from '../fit/index.ts';
import { type FileOptions, namesOf, readTableFile } from '../fit/table-file.ts';
import { formatCount, formatNumber, printResult, printWarning } from '../output.ts';
import { checkOutput, writeOutput } from '../output-file.ts';
import { parseChoice, parseCount, parseProbability } from '../parse-options.ts';
import { checkReport, withReportOption, writeReport } from '../report/report-file.ts';
import { hasTextCharts } from '../text-charts.ts';

interface FitOptions extends FileOptions {
  readonly json?: true;
  readonly output?: string;
  readonly definition?: string;
  readonly ignore?: string;
  readonly data?: string;
  readonly alpha?: string;
  readonly seed?: string;
  readonly report?: string | true;
  readonly family?: string;
}

const trainingData = ['unlabelled', 'clean'] as const;

/** `flowline fit FILE`: trains a detector on a file and writes its model; needs no database. */
export function fitCommand(): Command {
  const created = command(
    'fit <file>',
    'Train a detector on a CSV, NDJSON or Parquet file, and write its model to a file.',
    [
      'flowline fit orders.csv                          # writes orders.safetensors',
      'flowline fit orders.parquet --ignore is_fraud --data clean -o model.safetensors',
      'flowline fit short.csv --family auto             # chosen among candidates; takes files from 100 rows',
      'flowline fit history.ndjson.gz --definition detector.yaml   # its features and options',
      'flowline fit orders.csv --report orders.html     # and a page about it',
    ],
  );
  return withReportOption(created)
    .option('-o, --output <file>', 'the model file (default: the name of the file, .safetensors)')
    .option('--definition <file>', 'a detector file (see `flowline init`) instead of a profile of the columns')
    .option('--ignore <columns>', 'columns to leave out, separated by commas: labels, for instance')
    .addOption(choice('--data <kind>', 'unlabelled: rows may be anomalies (default); clean: none is', trainingData))
    .option('--alpha <p>', 'false alarms per event (default: 1e-3, or those of the definition)')
    .option('--seed <n>', 'of the training')
    .addOption(choice('--family <name>', 'of the density (default: that of the definition, or realNVP)', modelFamilies))
    .addOption(choice('--format <format>', 'default: by the name of the file', tableFormats))
    .option('--delimiter <text>', 'separator of CSV cells (default: a comma; a tab for .tsv)')
    .action(action(fitFile));
}

async function fitFile(file: string, options: FitOptions): Promise<void> {
  const planned = {
    definition: options.definition ?? null,
    ignore: namesOf(options.ignore),
    data: options.data === undefined ? null : parseChoice('--data', options.data, trainingData),
    alpha: options.alpha === undefined ? null : parseProbability('--alpha', options.alpha),
    seed: options.seed === undefined ? null : parseCount('--seed', options.seed),
    family: options.family === undefined ? null : parseChoice('--family', options.family, modelFamilies),
  };
  const inputs = [file, ...(options.definition === undefined ? [] : [options.definition])];
  const page = await checkReport(options.report, inputs);
  const data = await readTableFile(file, options);
  const { fitTable, planFit, showingProgress, trainingLines } = await import('../fit/index.ts');
  const plan = await planFit(data, planned);
  const output = options.output ?? `${plan.spec.name}.safetensors`;
  await checkOutput(output, inputs);
  checkApart(output, page);
  const fitted = await showingProgress((onProgress) => fitTable(data, plan, { onProgress }));
  await writeOutput(output, fitted.bytes);
  fitted.warnings.forEach(printWarning);
  const { name, schema, data: kind, seed } = plan.spec;
  const { report, rows, alpha, sha256 } = fitted;
  const result = {
    ...{ detector: name, model: output, sha256, alpha, data: kind, seed, rows, rowsRead: data.rowsRead },
    features: schema.map((spec) => ({ name: spec.name, type: spec.type, nullable: spec.nullable })),
    leftOut: plan.leftOut,
    heldOut: report.heldOut,
    candidates: report.candidates,
    alarms: report.alarms,
    warnings: fitted.warnings,
  };
  printResult(result, options.json === true, () =>
    described(data, output, plan, fitted, hasTextCharts() ? trainingLines(fitted.report.members) : []),
  );
  if (page === null) return;
  const { fittedReport } = await import('../report/index.ts');
  await writeReport(page, await fittedReport(data, plan, fitted), options.json === true);
}

/** The model and the page about it are two files. */
function checkApart(output: string, page: string | null): void {
  if (page === null || path.resolve(output) !== path.resolve(page)) return;
  throw new FlowlineError('FLOWLINE_USAGE', `${output} is to be both the model and the report.`, {
    where: '--report',
    remedy: 'Name another file for one of them.',
  });
}

function described(
  { where: file, size, rowsRead }: DataTable,
  output: string,
  { spec, leftOut }: FitPlan,
  { rows, report, alpha }: FittedTable,
  curves: readonly string[],
): string {
  const { expectedRate, interval, measuredRate, testRows } = report.alarms;
  const nats = report.heldOut === null ? '' : `, held-out ${formatNumber(report.heldOut.nllNats, 4)} nats`;
  const ofRows = rowsRead > size ? `${formatCount(size)}, spread over ${formatCount(rowsRead)}` : formatCount(size);
  const expected = interval === null ? 'no rate can be promised' : `expected ${percent(expectedRate)}`;
  const measured = measuredRate === null ? 'not measured' : `measured ${percent(measuredRate)}`;
  return [
    `features  ${spec.schema.map(({ name, type }) => `${printable(name)} (${type})`).join(', ')}`,
    ...leftOut.map(({ name, reason }) => `left out  ${printable(name)}: ${printable(reason)}`),
    `trained   on ${formatCount(rows.train)} of ${ofRows} rows (${spec.data}), calibrated on ${formatCount(rows.calibration)}${nats}`,
    ...chosenLine(report),
    ...curves.map((line) => `          ${line}`),
    `alarms    ${expected}, ${measured} on the last ${formatCount(testRows)} rows`,
    `${output}: the model, alpha ${formatNumber(alpha)}; next: flowline score ${file} --model ${output} --only-anomalies --explain`,
  ].join('\n');
}

/** Line about the candidate that was chosen; none if the family was named. */
const chosenLine = ({ candidates }: FittedTable['report']): readonly string[] =>
  candidates
    .filter(({ chosen }) => chosen)
    .map(({ name, reason }) => `chosen    ${name} of ${candidates.length} candidates: ${reason}`);

const percent = (share: number): string => `${formatNumber(100 * share, 2)} %`;
