import { once } from 'node:events';

import { FlowlineError } from '@flowline/events';
import type { Command } from 'commander';

import { action, command } from '../command.ts';
import { formatCount } from '../output.ts';
import { parseChoice, parseProbability } from '../parse-options.ts';
import { formatOf, formats } from '../score/formats.ts';
import type { ModelSource } from '../score/load-model.ts';

interface ScoreOptions {
  readonly json?: true;
  readonly detector?: string;
  readonly model?: string;
  readonly alpha?: string;
  readonly format?: string;
  readonly output?: string;
  readonly explain?: true;
}

/** `flowline score FILE`: scores of the events of a file; nothing is stored. */
export function scoreCommand(): Command {
  return command('score <file>', 'Score the events of a CSV or NDJSON file (- is standard input); nothing is stored.', [
    'flowline score events.csv --detector checkout-latency > scores.csv',
    'flowline score events.ndjson --detector checkout-latency --explain --json | jq "select(.anomaly)"',
    'cat events.ndjson | flowline score - --model model.safetensors --alpha 1e-4',
  ])
    .option('--detector <name>', 'score with the champion of this detector, from the database')
    .option('--model <file>', 'score with a model file (see `flowline models export`); needs no database')
    .option('--alpha <p>', "the p-value from which down an event is an anomaly; default: the model's (a file's: 0.001)")
    .option('--format <format>', 'csv or ndjson; default: by the name of the file, ndjson for standard input')
    .option('--output <format>', 'csv or ndjson; default: as the input')
    .option('--explain', 'add a line to each anomaly that says why it is one')
    .action(
      action(async (file: string, options: ScoreOptions) => {
        const source = modelSource(options);
        const written = options.format ?? formatOf(file) ?? (file === '-' ? 'ndjson' : '');
        const format = parseChoice('--format', written, formats);
        const output = options.json === true ? 'ndjson' : parseChoice('--output', options.output ?? format, formats);
        const alpha = options.alpha === undefined ? null : parseProbability('--alpha', options.alpha);

        const { loadModel, readRecords, scoreLine, scoreRecords, scoresHeader } = await import('../score/index.ts');
        const detector = await loadModel(source, alpha);
        const totals = { rows: 0, anomalies: 0, errors: 0, backend: detector.compute.backend };
        try {
          const records = readRecords(file, format, detector.bundle);
          const out = new Output();
          let header = scoresHeader(output);
          for await (const rows of scoreRecords(records, detector, options.explain === true)) {
            totals.rows += rows.length;
            totals.errors += rows.filter((row) => 'error' in row).length;
            totals.anomalies += rows.filter((row) => 'anomaly' in row && row.anomaly).length;
            const lines = rows.map((row) => scoreLine(row, output)).join('');
            if (!(await out.write(header + lines))) return;
            header = '';
          }
        } finally {
          detector.dispose();
        }
        process.stderr.write(summary(totals, options.json === true));
      }),
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

/** Standard output at the pace of its reader, who may leave before the end, as `head` does. */
class Output {
  #closed = false;

  constructor() {
    process.stdout.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      this.#closed = true;
    });
  }

  /** Resolves once more may be written; false when the reader has gone. */
  async write(text: string): Promise<boolean> {
    if (!this.#closed && !process.stdout.write(text)) {
      // Rejects when the reader leaves meanwhile: that is noted above.
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
