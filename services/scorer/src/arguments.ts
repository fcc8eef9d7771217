import { parseArgs } from 'node:util';

import { FlowlineError, messageOf } from '@flowline/events';

/** Help text of the scorer. */
export const HELP = `flowline scorer: scores a stream of events, stores them and sends alerts
  --detector NAME            detector to score; may be repeated (default: every detector)
  --source kafka             read the topic of each detector, until a signal (default)
  --source ndjson:PATH       read the lines of a file, for one detector; ndjson:- reads standard input
  --alerts sinks             send alerts to the sinks that each detector names (default with --source kafka)
  --alerts kafka             send them to the alert topic of each detector alone
  --alerts stdout            print alerts, one line of JSON each (default with --source ndjson)
  --alerts none              store anomalies, send no alerts
  --batch-size ROWS          maximum events per transaction (default: FLOWLINE_BATCH_MAX_ROWS)
  --reset-offsets            start again where a topic was recreated or lost records; other positions are kept
  --reset-windows            start with empty windows over the past of entities, for example after partitions were added
  --json                     print one line of JSON with totals at the end of a finite source
`;

export type SourceChoice = { readonly kind: 'kafka' } | { readonly kind: 'ndjson'; readonly path: string };
export type AlertsChoice = 'sinks' | 'kafka' | 'stdout' | 'none';

/** Command line of the scorer. */
export interface Arguments {
  /** Names of the detectors to score; empty for every detector. */
  readonly detectors: readonly string[];
  readonly source: SourceChoice;
  readonly alerts: AlertsChoice;
  readonly batchSize: number | null;
  readonly resetOffsets: boolean;
  readonly resetWindows: boolean;
  readonly json: boolean;
}

const ALERTS: readonly AlertsChoice[] = ['sinks', 'kafka', 'stdout', 'none'];
const MOST_ROWS = 50_000;

/**
 * Parses the command line; null if help was requested.
 * @throws FlowlineError FLOWLINE_USAGE.
 */
export function readArguments(args: readonly string[]): Arguments | null {
  const values = parse(args);
  if (values.help) return null;
  const source = readSource(values.source);
  const wanted = values.alerts ?? (source.kind === 'kafka' ? 'sinks' : 'stdout');
  const alerts = ALERTS.find((choice) => choice === wanted);
  if (alerts === undefined) throw usage(`--alerts is "${wanted}"; expected ${ALERTS.join(', ')}.`);
  for (const reset of ['reset-offsets', 'reset-windows'] as const) {
    if (values[reset] && source.kind !== 'kafka') throw usage(`--${reset} is for --source kafka.`);
  }
  return {
    detectors: [...new Set(values.detector)],
    source,
    alerts,
    batchSize: readBatchSize(values['batch-size']),
    resetOffsets: values['reset-offsets'],
    resetWindows: values['reset-windows'],
    json: values.json,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        detector: { type: 'string', multiple: true, default: [] },
        source: { type: 'string', default: 'kafka' },
        alerts: { type: 'string' },
        'batch-size': { type: 'string' },
        'reset-offsets': { type: 'boolean', default: false },
        'reset-windows': { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }).values;
  } catch (error) {
    throw usage(messageOf(error));
  }
}

function readSource(text: string): SourceChoice {
  if (text === 'kafka') return { kind: 'kafka' };
  const path = text.startsWith('ndjson:') ? text.slice('ndjson:'.length) : '';
  if (path === '') throw usage(`--source is "${text}"; expected kafka, ndjson:PATH or ndjson:-.`);
  return { kind: 'ndjson', path };
}

function readBatchSize(text: string | undefined): number | null {
  if (text === undefined) return null;
  const rows = Number(text);
  if (Number.isInteger(rows) && rows >= 1 && rows <= MOST_ROWS) return rows;
  throw usage(`--batch-size is "${text}"; expected a whole number from 1 to ${MOST_ROWS}.`);
}

function usage(finding: string): FlowlineError {
  return new FlowlineError('FLOWLINE_USAGE', finding, { where: 'flowline scorer', remedy: 'See --help.' });
}
