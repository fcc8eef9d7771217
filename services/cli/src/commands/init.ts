import { existsSync } from 'node:fs';

import { tableFormats } from '@flowline/tables';
import type { Command } from 'commander';

import { action, choice, command } from '../command.ts';
import { type FileOptions, namesOf } from '../fit/table-file.ts';
import type { NewDetectorFile } from '../init/new-detector.ts';
import { formatCount, plural, printResult, printWarning } from '../output.ts';
import { checkOutput, existing, writeOutput } from '../output-file.ts';

interface InitOptions extends FileOptions {
  readonly json?: true;
  readonly name?: string;
  readonly output?: string;
  readonly force?: true;
  readonly ignore?: string;
}

/** `flowline init FROM`: writes a detector for the rows of a file, table, query or topic. */
export function initCommand(): Command {
  return command(
    'init <from>',
    'Write a detector for a file, a table, a query or a topic: types, domains, times and ids, each with the reason.',
    [
      'flowline init orders.csv                         # prints it; CSV, NDJSON or Parquet, also .gz',
      'flowline init sales.orders -o orders.yaml        # a table or view of the database',
      'flowline init "select * from orders where shop = 7" --name shop-7',
      'flowline init topic:orders.v2                    # the first records of a topic',
    ],
  )
    .option('-o, --output <file>', 'write it to a file instead of standard output')
    .option('--force', 'overwrite that file')
    .option('--name <name>', 'name of the detector (default: that of its origin)')
    .option('--ignore <columns>', 'columns to leave out, separated by commas: labels, for instance')
    .addOption(choice('--format <format>', 'of a file; default: by its name', tableFormats))
    .option('--delimiter <text>', 'separator of CSV cells (default: a comma; a tab for .tsv)')
    .action(action(writeDetector));
}

async function writeDetector(from: string, options: InitOptions): Promise<void> {
  const { output } = options;
  if (output !== undefined) await checkNew(output, options.force === true, from);
  const { newDetector, readOrigin } = await import('../init/index.ts');
  const origin = await readOrigin(from, options);
  const written = await newDetector(origin, { name: options.name ?? origin.name, ignore: namesOf(options.ignore) });
  written.warnings.forEach(printWarning);
  if (output !== undefined) await writeOutput(output, written.yaml, { isNew: options.force !== true });
  if (options.json === true || output !== undefined) {
    printResult(resultOf(written, output ?? null), options.json === true, () => described(written, output ?? ''));
  } else process.stdout.write(written.yaml);
}

/** A detector file is edited by hand: it is overwritten only if asked for. */
async function checkNew(file: string, force: boolean, from: string): Promise<void> {
  await checkOutput(file, [from]);
  if (!force && existsSync(file)) throw existing(file);
}

const resultOf = ({ name, yaml, profile, warnings }: NewDetectorFile, file: string | null) => ({
  ...{ detector: name, file, rows: profile.rows, time: profile.time, eventId: profile.eventId },
  features: profile.features.map(({ spec: { name: feature, type, nullable }, note }) => ({
    ...{ name: feature, type, nullable, note },
  })),
  leftOut: profile.leftOut,
  warnings,
  ...(file === null ? { yaml } : {}),
});

const described = ({ name, profile }: NewDetectorFile, file: string): string =>
  `${file}: detector ${name}, ${plural(profile.features.length, 'feature')} of ${formatCount(profile.rows)} rows; next: flowline validate ${file}`;
