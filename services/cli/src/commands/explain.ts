import { FlowlineError } from '@flowline/events';
import type { FileRecord, ScoredRow } from '@flowline/operations/scoring';
import { formatOf } from '@flowline/tables';
import type { Command } from 'commander';

import { action, command } from '../command.ts';
import { exitCodes, printResult, printWarning } from '../output.ts';
import type { ModelSource } from '../score/load-model.ts';

interface ExplainOptions {
  readonly json?: true;
  readonly model?: string;
}

/** Most events of a call: each takes some hundred evaluations of the model. */
const MOST_EVENTS = 1_000;

/**
 * `flowline explain DETECTOR FILE`, or `flowline explain FILE --model MODEL`: what is usual of
 * events, given the rest of each.
 */
export function explainCommand(): Command {
  return command(
    'explain <detector> [file]',
    'Score events and explain each, anomalous or not: what is usual given the rest of it. Nothing is stored.',
    [
      'flowline explain checkout-latency event.json     # one event, a list, or NDJSON; also CSV and Parquet',
      'flowline explain events.csv --model model.safetensors',
      'echo \'{"ts":1767225600000,"latency_ms":9120}\' | flowline explain checkout-latency -',
      'flowline explain checkout-latency events.ndjson --json | jq ".results[].explanation.contributions"',
    ],
  )
    .option('--model <file>', 'explain with a model file, and name only the events; needs no database')
    .action(action(explainFile));
}

async function explainFile(
  first: string,
  second: string | undefined,
  { json, model }: ExplainOptions,
): Promise<number> {
  const { source, file } = sourceOf(first, second, model);
  const { explainRows, jsonRecords, loadModel, readRecords, scoreRecords } = await import('../score/index.ts');
  const { kind, ...format } = formatOf(file);
  // Read before the model is loaded, so that a wrong path is known at once.
  const events = kind === 'csv' || kind === 'parquet' ? null : checked(file, await jsonRecords(file));
  const { detector, names, version } = await loadModel(source, null);
  try {
    const records =
      events ??
      (await collected(
        file,
        readRecords(file, detector.bundle, {
          format: { ...format, kind: kind === 'parquet' ? kind : 'csv' },
          names,
          onWarning: printWarning,
        }),
      ));
    const results: ScoredRow[] = [];
    for await (const rows of scoreRecords(streamOf(records), detector, { names, explain: 'every' }))
      results.push(...rows);
    const { alpha, compute } = detector;
    const features = new Map(detector.bundle.schema.map((spec) => [spec.name, spec]));
    const name = detector.bundle.metadata.detector;
    const result = { detector: name, modelVersion: version, alpha, backend: compute.backend, results };
    printResult(result, json === true, () => explainRows(results, features));
    if (results.some((row) => !('error' in row))) return exitCodes.ok;
    return exitCodes.error;
  } finally {
    detector.dispose();
  }
}

/** The model and the file that the arguments name: with --model, the only one is the file. */
function sourceOf(
  first: string,
  second: string | undefined,
  model: string | undefined,
): { readonly source: ModelSource; readonly file: string } {
  if (model !== undefined && second === undefined) return { source: { file: model }, file: first };
  if (model === undefined && second !== undefined) return { source: { detector: first }, file: second };
  throw new FlowlineError('FLOWLINE_USAGE', 'Expected a detector and a file of events, or a file and --model.', {
    where: 'flowline explain',
    remedy: 'See --help for examples.',
  });
}

function checked(file: string, records: readonly FileRecord[]): readonly FileRecord[] {
  if (records.length === 0) throw unusable(file, 'contains no events.', 'Check that it is the right file.');
  if (records.length <= MOST_EVENTS) return records;
  const remedy = 'Explain fewer; `flowline score --explain` explains the anomalies of a file of any size.';
  const count = `${records.length > MOST_EVENTS + 1 ? records.length : `more than ${MOST_EVENTS}`} events`;
  throw unusable(file, `has ${count}; at most ${MOST_EVENTS} are explained at once.`, remedy);
}

/** The records of a stream, if they are few enough. */
async function collected(file: string, stream: AsyncIterable<FileRecord>): Promise<readonly FileRecord[]> {
  const records: FileRecord[] = [];
  for await (const record of stream) if (records.push(record) > MOST_EVENTS) break;
  return checked(file, records);
}

// eslint-disable-next-line @typescript-eslint/require-await -- a stream, as files are read
async function* streamOf(records: readonly FileRecord[]): AsyncGenerator<FileRecord> {
  yield* records;
}

const unusable = (file: string, finding: string, remedy: string): FlowlineError =>
  new FlowlineError('FLOWLINE_FILE_UNREADABLE', `${file} ${finding}`, { where: file, remedy });
