import { FlowlineError } from '@flowline/events';
import type { FileRecord, ScoredRow } from '@flowline/operations/scoring';
import type { Command } from 'commander';

import { action, command } from '../command.ts';
import { exitCodes, printResult } from '../output.ts';

interface ExplainOptions {
  readonly json?: true;
}

/** Most events of a call: each takes some hundred evaluations of the model. */
const MOST_EVENTS = 1_000;

/** `flowline explain DETECTOR FILE`: what is usual of events, given the rest of each. */
export function explainCommand(): Command {
  return command(
    'explain <detector> <file>',
    'Score events and explain each, anomalous or not: what is usual given the rest of it. Nothing is stored.',
    [
      'flowline explain checkout-latency event.json     # one event, a list, or NDJSON',
      'echo \'{"ts":1767225600000,"latency_ms":9120}\' | flowline explain checkout-latency -',
      'flowline explain checkout-latency events.ndjson --json | jq ".results[].explanation.contributions"',
    ],
  ).action(action(explainFile));
}

async function explainFile(name: string, file: string, { json }: ExplainOptions): Promise<number> {
  const { explainRows, jsonRecords, loadModel, scoreRecords } = await import('../score/index.ts');
  const records = await jsonRecords(file);
  if (records.length === 0) throw unusable(file, 'contains no events.', 'Check that it is the right file.');
  if (records.length > MOST_EVENTS) {
    const remedy = 'Explain fewer; `flowline score --explain` explains the anomalies of a file of any size.';
    throw unusable(file, `has ${records.length} events; at most ${MOST_EVENTS} are explained at once.`, remedy);
  }
  const { detector, names, version } = await loadModel({ detector: name }, null);
  try {
    const results: ScoredRow[] = [];
    for await (const rows of scoreRecords(streamOf(records), detector, { names, explain: 'every' }))
      results.push(...rows);
    const { alpha, compute } = detector;
    const features = new Map(detector.bundle.schema.map((spec) => [spec.name, spec]));
    const result = { detector: name, modelVersion: version, alpha, backend: compute.backend, results };
    printResult(result, json === true, () => explainRows(results, features));
    if (results.some((row) => !('error' in row))) return exitCodes.ok;
    return exitCodes.error;
  } finally {
    detector.dispose();
  }
}

// eslint-disable-next-line @typescript-eslint/require-await -- a stream, as files are read
async function* streamOf(records: readonly FileRecord[]): AsyncGenerator<FileRecord> {
  yield* records;
}

const unusable = (file: string, finding: string, remedy: string): FlowlineError =>
  new FlowlineError('FLOWLINE_FILE_UNREADABLE', `${file} ${finding}`, { where: file, remedy });
