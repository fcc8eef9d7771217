import { FlowlineError } from '@flowline/events';
import { formatOf, tableFormats } from '@flowline/tables';
import type { Command } from 'commander';

import { action, choice, command } from '../command.ts';
import { type EvaluationOptions, evaluationRequest, withEvaluationOptions } from '../evaluate/options.ts';
import { type FileOptions, namesOf, readTableFile } from '../fit/table-file.ts';
import { printResult, printWarning } from '../output.ts';
import { checkOutput, writeOutput } from '../output-file.ts';
import { parseProbability } from '../parse-options.ts';
import { announced, DEFAULT_REPORT } from '../report/report-file.ts';

interface ReportOptions extends FileOptions, EvaluationOptions {
  readonly json?: true;
  readonly data?: string;
  readonly label?: string;
  readonly output: string;
}

/** A report, with what it is about for `--json`. */
interface Report {
  readonly html: string;
  readonly about: { readonly detector: string | null; readonly modelVersion: number | null };
}

/**
 * `flowline report FILE` and `flowline report MODEL --data FILE`: one page about a model, or about
 * the one that a file of events makes.
 */
export function reportCommand(): Command {
  const created = command(
    'report <subject>',
    'Write one self-contained HTML page: what a model learnt, how honest it is, its samples, and the worst events explained. ' +
      'Of a file (CSV, NDJSON, Parquet) it trains the model itself, and with --label it measures detection, too; ' +
      'of a model file or a detector, it measures that on --data.',
    [
      'flowline report labelled.csv --label fraud -o report.html    # trains and tests, as evaluate does',
      'flowline report orders.csv                                   # trains, as fit does',
      'flowline report orders.safetensors --data new.csv',
      'flowline report checkout-latency --data events.ndjson        # the champion, from the database',
    ],
  )
    .option('-o, --output <file>', 'page to write', DEFAULT_REPORT)
    .option('--data <file>', 'of a model: events to measure it on, best those that it has not seen')
    .option('--label <column>', 'of a file: column of the labels: 0 or false is normal, 1 or true an anomaly');
  return withEvaluationOptions(created)
    .option('--alpha <p>', 'of a file: false alarms to ask for, per event (default: 0.01 with --label, else 0.001)')
    .addOption(choice('--format <format>', 'default: by the name of the file', tableFormats))
    .option('--delimiter <text>', 'separator of CSV cells (default: a comma; a tab for .tsv)')
    .action(action(reportOn));
}

async function reportOn(subject: string, options: ReportOptions): Promise<void> {
  checkOptions(subject, options);
  const { data, label, output } = options;
  await checkOutput(output, [subject, ...(data === undefined ? [] : [data])]);
  const { html, about } =
    data !== undefined
      ? await ofModel(subject, data, options)
      : label !== undefined
        ? await ofLabelled(subject, label, options)
        : await ofFile(subject, options);
  await writeOutput(output, html);
  printResult({ ...about, report: output }, options.json === true, ({ report }) => announced(report));
}

/** Options that mean nothing without a label. */
const OF_LABELS = ['normal', 'protocol', 'seeds', 'test', 'members', 'steps', 'baselines'] as const;
/** Options that mean nothing for a model that is there. */
const OF_FILES = ['label', 'alpha', 'ignore', ...OF_LABELS] as const;

function checkOptions(subject: string, options: ReportOptions): void {
  const { data, label, format } = options;
  const given = (names: readonly (keyof ReportOptions)[]) => names.find((name) => options[name] !== undefined);
  const ofFile = given(OF_FILES);
  if (data !== undefined && ofFile !== undefined) {
    throw usage(`--${ofFile}`, `--${ofFile} is for a file that a model is trained on; --data is for a model.`);
  }
  const ofLabel = given(OF_LABELS);
  if (data === undefined && label === undefined && ofLabel !== undefined) {
    throw usage(`--${ofLabel}`, `--${ofLabel} needs labels.`, 'Name their column: --label COLUMN.');
  }
  if (data === undefined && subject !== '-' && format === undefined && formatOf(subject).kind === undefined) {
    throw usage(
      subject,
      `The report of ${subject} needs events to measure it on.`,
      'Name a file of them: --data new.csv. For a file of events instead of a model, say its --format.',
    );
  }
}

const usage = (where: string, message: string, remedy = 'See --help for examples.'): FlowlineError =>
  new FlowlineError('FLOWLINE_USAGE', message, { where, remedy });

async function ofModel(model: string, file: string, options: ReportOptions): Promise<Report> {
  const data = await readTableFile(file, options);
  const { loadModel } = await import('../score/index.ts');
  const { commandLine, modelReport } = await import('../report/index.ts');
  const source = model.endsWith('.safetensors') ? { file: model } : { detector: model };
  const { detector, names, version } = await loadModel(source, null);
  try {
    const html = await modelReport({ detector, names, data, command: commandLine() });
    return { html, about: { detector: detector.bundle.metadata.detector, modelVersion: version } };
  } finally {
    detector.dispose();
  }
}

async function ofLabelled(file: string, label: string, options: ReportOptions): Promise<Report> {
  const asked = evaluationRequest(label, options);
  const data = await readTableFile(file, options);
  const { evaluateTable } = await import('../evaluate/index.ts');
  const { commandLine, EvaluationRecord } = await import('../report/index.ts');
  const record = new EvaluationRecord(asked);
  const evaluation = await evaluateTable(data, asked, (line) => process.stderr.write(`${line}\n`), record);
  evaluation.warnings.forEach(printWarning);
  return { html: record.html(evaluation, commandLine()), about: { detector: null, modelVersion: null } };
}

async function ofFile(file: string, options: ReportOptions): Promise<Report> {
  const alpha = options.alpha === undefined ? null : parseProbability('--alpha', options.alpha);
  const data = await readTableFile(file, options);
  const { fitTable, planFit, showingProgress } = await import('../fit/index.ts');
  const { fittedReport } = await import('../report/index.ts');
  const ignore = namesOf(options.ignore);
  const plan = await planFit(data, { ...{ definition: null, ignore, data: null }, alpha, seed: null, family: null });
  const fitted = await showingProgress((onProgress) => fitTable(data, plan, { onProgress }));
  fitted.warnings.forEach(printWarning);
  const html = await fittedReport(data, plan, fitted);
  return { html, about: { detector: plan.spec.name, modelVersion: null } };
}
