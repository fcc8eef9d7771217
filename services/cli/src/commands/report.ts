import { tableFormats } from '@flowline/tables';
import type { Command } from 'commander';

import { action, choice, command } from '../command.ts';
import { type FileOptions, readTableFile } from '../fit/table-file.ts';
import { printResult } from '../output.ts';
import { checkOutput, writeOutput } from '../output-file.ts';

interface ReportOptions extends FileOptions {
  readonly json?: true;
  readonly data: string;
  readonly output: string;
}

/** `flowline report MODEL --data FILE`: one page about a model, measured on a file of events. */
export function reportCommand(): Command {
  return command(
    'report <model>',
    'Write one self-contained HTML page about a model: how honest it is, its samples, and the worst events explained.',
    [
      'flowline report orders.safetensors --data new.csv -o report.html',
      'flowline report checkout-latency --data events.ndjson    # the champion, from the database',
    ],
  )
    .requiredOption('--data <file>', 'events to measure it on, best those that it has not seen (CSV, NDJSON, Parquet)')
    .option('-o, --output <file>', 'page to write', 'report.html')
    .addOption(choice('--format <format>', 'default: by the name of the file', tableFormats))
    .option('--delimiter <text>', 'separator of CSV cells (default: a comma; a tab for .tsv)')
    .action(action(writeReport));
}

async function writeReport(model: string, options: ReportOptions): Promise<void> {
  await checkOutput(options.output, [options.data, model]);
  const data = await readTableFile(options.data, options);
  const { loadModel } = await import('../score/index.ts');
  const { modelReport } = await import('../report/model-report.ts');
  const { detector, names, version } = await loadModel(
    model.endsWith('.safetensors') ? { file: model } : { detector: model },
    null,
  );
  try {
    const line = `flowline report ${model} --data ${options.data} -o ${options.output}`;
    await writeOutput(options.output, await modelReport({ detector, names, data, command: line }));
    const result = { detector: detector.bundle.metadata.detector, modelVersion: version, report: options.output };
    printResult(result, options.json === true, ({ report }) => `${report}: the report; open it in a browser`);
  } finally {
    detector.dispose();
  }
}
