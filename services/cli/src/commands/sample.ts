import { gzipSync } from 'node:zlib';

import { FlowlineError } from '@flowline/events';
import { formatOf } from '@flowline/tables';
import type { Command } from 'commander';

import { action, choice, command } from '../command.ts';
import { formatCount, printResult } from '../output.ts';
import { checkOutput, writeOutput } from '../output-file.ts';
import { parseChoice, parseCount } from '../parse-options.ts';
import { type OutputFormat, outputFormats } from '../score/formats.ts';
import type { ModelSource } from '../score/load-model.ts';

interface SampleOptions {
  readonly json?: true;
  readonly count: string;
  readonly seed: string;
  readonly version?: string;
  readonly model?: string;
  readonly context?: string;
  readonly out?: string;
  readonly format?: string;
}

/** Most events of a call, which are held in memory. */
const MOST_EVENTS = 100_000;

/** `flowline sample DETECTOR`: draws events from a model, which it takes for usual. */
export function sampleCommand(): Command {
  return command('sample [detector]', 'Draw events from a model, by a seed: what it takes for usual.', [
    'flowline sample checkout-latency --count 20',
    'flowline sample checkout-latency --version 3 --context \'{"hour":32400000}\' --out samples.ndjson',
    'flowline sample --model model.safetensors --seed 7 > samples.csv',
  ])
    .option('--count <n>', 'events to draw', '100')
    .option('--seed <n>', 'the same seed and model give the same events', '1')
    .option('--version <n>', 'version of the model (default: the champion)')
    .option('--model <file>', 'a model file (see `flowline models export`); needs no database')
    .option('--context <json>', 'values of context features, as an object; others are drawn')
    .option('--out <file>', 'write them to a file (.csv, .tsv or .ndjson, each also .gz)')
    .addOption(choice('--format <format>', 'default: by the name of the file, or else csv', outputFormats))
    .action(action(sampleEvents));
}

async function sampleEvents(name: string | undefined, options: SampleOptions): Promise<void> {
  const { json, out } = options;
  const source = sourceOf(name, options);
  const count = parseCount('--count', options.count);
  if (count > MOST_EVENTS) throw usage('--count', `--count is ${count}; expected at most ${MOST_EVENTS}.`);
  const seed = parseSeed(options.seed);
  const context = options.context === undefined ? {} : parseContext(options.context);
  const layout = layoutOf(options);
  if (out !== undefined) await checkOutput(out, options.model === undefined ? [] : [options.model]);
  const { loadModel, sampleRecords, samplesText } = await import('../score/index.ts');
  const { detector, version } = await loadModel(source, null);
  try {
    const { samples, drawnContext } = await sampleRecords(detector, { count, seed, context });
    const { metadata, schema } = detector.bundle;
    const result = { detector: metadata.detector, modelVersion: version, seed, count, drawnContext };
    const features = schema.map((spec) => spec.name);
    if (out !== undefined) {
      const text = samplesText(samples, { features, ...layout, onTerminal: false });
      await writeOutput(out, layout.gzip ? gzipSync(text) : text);
      printResult({ ...result, file: out }, json === true, () => `${out}: ${summaryOf(result)}`);
    } else if (json === true) {
      printResult({ ...result, samples }, true, () => '');
    } else {
      process.stdout.write(samplesText(samples, { features, ...layout, onTerminal: process.stdout.isTTY }));
      process.stderr.write(`${summaryOf(result)}\n`);
    }
  } finally {
    detector.dispose();
  }
}

/** Layout of the events that the options ask for, or else the name of the file. */
function layoutOf({ out, format }: Pick<SampleOptions, 'out' | 'format'>): {
  readonly format: OutputFormat;
  readonly delimiter: string;
  readonly gzip: boolean;
} {
  const { kind, delimiter, gzip } = formatOf(out ?? '');
  if (format === undefined && kind === 'parquet') {
    throw usage('--out', `${out ?? ''} would be Parquet; events are written as ${outputFormats.join(' or ')}.`);
  }
  return { format: parseChoice('--format', format ?? kind ?? 'csv', outputFormats), delimiter, gzip };
}

interface Drawn {
  readonly detector: string;
  readonly modelVersion: number | null;
  readonly seed: number;
  readonly count: number;
  readonly drawnContext: readonly string[];
}

function summaryOf({ detector, modelVersion, seed, count, drawnContext }: Drawn): string {
  const model = modelVersion === null ? '' : `, model version ${modelVersion}`;
  const drawn = drawnContext.length === 0 ? '' : `; drawn, not modelled: ${drawnContext.join(', ')}`;
  return `events ${formatCount(count)} of ${detector}${model}, seed ${seed}${drawn}`;
}

function sourceOf(name: string | undefined, { model, version }: SampleOptions): ModelSource {
  if (name !== undefined && model === undefined) {
    return { detector: name, version: version === undefined ? null : parseCount('--version', version) };
  }
  if (name !== undefined || model === undefined) {
    throw usage('flowline sample', 'Expected either a detector or --model.');
  }
  if (version !== undefined) throw usage('--version', 'A model file has one version; --version is of a detector.');
  return { file: model };
}

function parseSeed(text: string): number {
  if (/^\d+$/.test(text) && Number.isSafeInteger(Number(text))) return Number(text);
  throw usage('--seed', `--seed is "${text}"; expected a whole number from 0 to ${Number.MAX_SAFE_INTEGER}.`);
}

function parseContext(text: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = null;
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  throw usage('--context', `--context is "${text}"; expected a JSON object, such as {"hour":32400000}.`);
}

const usage = (where: string, finding: string): FlowlineError =>
  new FlowlineError('FLOWLINE_USAGE', finding, { where, remedy: 'See --help for examples.' });
