import { decisionTests, FlowlineError } from '@flowline/events';
import { tableFormats } from '@flowline/tables';
import type { Command } from 'commander';

import { action, choice, command } from '../command.ts';
import { type FileOptions, namesOf, readTableFile } from '../fit/table-file.ts';
import { printResult, printWarning } from '../output.ts';
import { checkOutput, writeOutput } from '../output-file.ts';
import { parseChoice, parseCount, parseProbability } from '../parse-options.ts';

interface EvaluateOptions extends FileOptions {
  readonly json?: true;
  readonly label: string;
  readonly normal?: string;
  readonly protocol: string;
  readonly seeds: string;
  readonly test: string;
  readonly members: string;
  readonly steps?: string;
  readonly alpha: string;
  readonly ignore?: string;
  readonly baselines?: true;
  readonly report?: string | true;
}

const protocols = ['one-class', 'contaminated'] as const;
const MOST_SEEDS = 100;

/** `flowline evaluate FILE`: measures detection on a labelled file; needs no database. */
export function evaluateCommand(): Command {
  return command(
    'evaluate <file>',
    'Train and test on a labelled CSV, NDJSON or Parquet file: how well anomalies are ranked, and how often it alarms.',
    [
      'flowline evaluate thyroid.csv.gz --label label --seeds 3',
      'flowline evaluate transactions.parquet --label is_fraud --protocol contaminated --baselines',
      'flowline evaluate events.csv --label kind --normal ok --report --json | jq .auroc',
    ],
  )
    .requiredOption('--label <column>', 'column of the labels: 0 or false is normal, 1 or true an anomaly')
    .option('--normal <value>', 'label of the normal rows; every other one is an anomaly')
    .addOption(
      choice(
        '--protocol <protocol>',
        'one-class: train on half of the normal rows; contaminated: on 70 % of all rows, unlabelled',
        protocols,
        'one-class',
      ),
    )
    .option('--seeds <n>', 'trainings, each with a split and a seed of its own: 0, 1, …', '1')
    .addOption(choice('--test <test>', 'statistic that decides, as `decision.test`', decisionTests, 'outlying'))
    .option('--members <n>', 'flows of the ensemble', '1')
    .option('--steps <n>', 'maximum training steps, for a quick trial (default: those of every training)')
    .option('--alpha <p>', 'false alarms to ask for, per normal row', '0.01')
    .option('--ignore <columns>', 'columns to leave out, separated by commas')
    .option('--baselines', 'compare with nearest neighbours, LOF, mixtures, forests and others, on the same splits')
    .option('--report [file]', 'write the tables as Markdown, too (default: evaluation.md)')
    .addOption(choice('--format <format>', 'default: by the name of the file', tableFormats))
    .option('--delimiter <text>', 'separator of CSV cells (default: a comma; a tab for .tsv)')
    .action(action(evaluateFile));
}

async function evaluateFile(file: string, options: EvaluateOptions): Promise<void> {
  const asked = {
    ...{ label: options.label, normal: options.normal, ignore: namesOf(options.ignore) },
    protocol: parseChoice('--protocol', options.protocol, protocols),
    seeds: atMost('--seeds', parseCount('--seeds', options.seeds), MOST_SEEDS),
    test: parseChoice('--test', options.test, decisionTests),
    members: parseCount('--members', options.members),
    steps: options.steps === undefined ? null : parseCount('--steps', options.steps),
    alpha: parseProbability('--alpha', options.alpha),
    baselines: options.baselines === true,
  };
  const report = options.report === true ? 'evaluation.md' : options.report;
  if (report !== undefined) await checkOutput(report, [file]);
  const data = await readTableFile(file, options);
  const { evaluateTable, evaluationReport, evaluationText } = await import('../evaluate/index.ts');
  const evaluation = await evaluateTable(data, asked, (line) => process.stderr.write(`${line}\n`));
  evaluation.warnings.forEach(printWarning);
  if (report !== undefined) await writeOutput(report, evaluationReport(evaluation));
  printResult(evaluation, options.json === true, evaluationText);
}

function atMost(option: string, count: number, most: number): number {
  if (count <= most) return count;
  throw new FlowlineError('FLOWLINE_USAGE', `${option} is ${count}; expected at most ${most}.`, {
    where: option,
    remedy: 'See --help for examples.',
  });
}
