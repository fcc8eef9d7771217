import { once } from 'node:events';

import { FlowlineError } from '@flowline/events';
import { tableFormats } from '@flowline/tables';
import type { Command } from 'commander';

import { action, choice, command } from '../command.ts';
import { type FileOptions, fileFormat } from '../fit/table-file.ts';
import { exitCodes, formatCount, printWarning } from '../output.ts';
import { parseChoice, parseProbability } from '../parse-options.ts';
import { outputFormats } from '../score/formats.ts';
import type { ModelSource } from '../score/load-model.ts';

interface ScoreOptions extends FileOptions {
  readonly json?: true;
  readonly detector?: string;
  readonly model?: string;
  readonly alpha?: string;
  readonly outputFormat?: string;
  readonly explain?: true;
  readonly onlyAnomalies?: true;
}

/** `flowline score FILE`: scores the events of a file and stores nothing. */
export function scoreCommand(): Command {
  return command(
    'score <file>',
    'Score the events of a CSV, NDJSON or Parquet file (- is standard input); nothing is stored.',
    [
      'flowline score events.csv --detector checkout-latency > scores.csv',
      'flowline score events.ndjson.gz --detector checkout-latency --explain --only-anomalies --json | jq .summary',
      'cat events.ndjson | flowline score - --model model.safetensors --alpha 1e-4',
    ],
  )
    .option('--detector <name>', 'score with the champion of this detector, from the database')
    .option('--model <file>', 'score with a model file (see `flowline models export`); needs no database')
    .option('--alpha <p>', "p-value at or below which an event is an anomaly (default: the model's own)")
    .addOption(choice('--format <format>', 'default: by the name of the file; ndjson for standard input', tableFormats))
    .option('--delimiter <text>', 'separator of CSV cells (default: a comma; a tab for .tsv)')
    .addOption(choice('--output-format <format>', 'default: as the input; csv for Parquet', outputFormats))
    .option('--explain', 'add the reason and the values to each anomaly')
    .option('--only-anomalies', 'print only anomalies and events that could not be scored')
    .action(action(scoreFile));
}

async function scoreFile(file: string, options: ScoreOptions): Promise<number> {
  const source = modelSource(options);
  const format = fileFormat(file, options);
  const output =
    options.json === true
      ? 'ndjson'
      : parseChoice(
          '--output-format',
          options.outputFormat ?? (format.kind === 'ndjson' ? 'ndjson' : 'csv'),
          outputFormats,
        );
  const alpha = options.alpha === undefined ? null : parseProbability('--alpha', options.alpha);

  const { loadModel, readRecords, scoreLine, scoreRecords, scoresHeader } = await import('../score/index.ts');
  const { detector, names } = await loadModel(source, alpha);
  const totals = { rows: 0, anomalies: 0, errors: 0, backend: detector.compute.backend };
  let firstError: string | null = null;
  try {
    const records = readRecords(file, detector.bundle, { format, names, onWarning: printWarning });
    const out = new Output();
    const onTerminal = process.stdout.isTTY;
    let header = scoresHeader(output);
    for await (const rows of scoreRecords(records, detector, {
      names,
      explain: options.explain === true ? 'anomalies' : 'nothing',
    })) {
      totals.rows += rows.length;
      for (const row of rows) {
        if ('error' in row) {
          totals.errors++;
          firstError ??= `row ${row.row}: ${row.error.message}`;
        } else if (row.anomaly) totals.anomalies++;
      }
      const printed = options.onlyAnomalies === true ? rows.filter((row) => 'error' in row || row.anomaly) : rows;
      if (!(await out.write(header + printed.map((row) => scoreLine(row, output, onTerminal)).join(''))))
        return exitCodes.ok;
      header = '';
    }
  } finally {
    detector.dispose();
  }
  process.stderr.write(summary(totals, options.json === true));
  if (totals.rows > totals.errors) return exitCodes.ok;
  throw new FlowlineError(
    'FLOWLINE_FILE_UNREADABLE',
    totals.rows === 0 ? `${file} contains no events.` : `None of the ${totals.rows} rows of ${file} could be scored.`,
    {
      where: file,
      remedy: firstError === null ? 'Check that it is the right file.' : `First reason: ${firstError}`,
    },
  );
}

function modelSource({ detector, model }: ScoreOptions): ModelSource {
  if (detector !== undefined && model === undefined) return { detector };
  if (model !== undefined && detector === undefined) return { file: model };
  throw new FlowlineError('FLOWLINE_USAGE', 'Expected exactly one of --detector and --model.', {
    where: 'flowline score',
    remedy: 'Name a detector of the database, or a model file.',
  });
}

/**
 * Standard output with backpressure. Its reader may leave before the end, as `head` does; the error
 * handling for that is elsewhere.
 */
class Output {
  #closed = false;

  constructor() {
    process.stdout.once('error', () => {
      this.#closed = true;
    });
  }

  /** Resolves once more can be written; to false if the output is closed. */
  async write(text: string): Promise<boolean> {
    if (!this.#closed && !process.stdout.write(text)) {
      // Rejects if the reader leaves meanwhile, which the constructor's handler notes.
      await once(process.stdout, 'drain').catch(() => undefined);
    }
    return !this.#closed;
  }
}

function summary(totals: { rows: number; anomalies: number; errors: number; backend: string }, json: boolean): string {
  if (json) return `${JSON.stringify(totals)}\n`;
  const errors = totals.errors === 0 ? '' : `, could not be scored ${formatCount(totals.errors)} (each says why)`;
  const { rows, anomalies, backend } = totals;
  return `rows ${formatCount(rows)}, anomalies ${formatCount(anomalies)}${errors}; scored by ${backend}\n`;
}
